"""The page at `/`: what this is, what it holds, what it was asked, and its clock and faults to turn.

Rendered here, without script or assets. Its forms post to `/` and come back to it.
"""

# ruff: noqa: E501 (markup)

from dataclasses import asdict
from datetime import datetime, timedelta
from html import escape
from typing import Any

from portal.sandbox.core import Sandbox
from portal.sandbox.faults import Fault
from portal.sandbox.journal import Entry
from portal.sandbox.resources import Account
from portal.sandbox.wire import Request, Response

HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
STEPS = (("1 hour", 3600), ("1 day", 86_400), ("7 days", 604_800), ("30 days", 2_592_000))
LATEST = 20
COUNTED = (
    ("Numbers", "number WHERE 1"),
    ("Addresses", "document WHERE kind = 'address'"),
    ("Applications", "document WHERE kind = 'application'"),
    ("Bundles", "document WHERE kind = 'bundle'"),
    ("End users", "document WHERE kind = 'end_user'"),
    ("Documents", "document WHERE kind = 'supporting_document'"),
    ("Caller ids", "document WHERE kind = 'caller_id'"),
    ("Ports", "document WHERE kind = 'port_in'"),
    ("Hosted", "document WHERE kind = 'hosted_order'"),
    ("Messages", "message WHERE 1"),
    ("Calls", "call WHERE 1"),
)


def answer(sandbox: Sandbox, request: Request) -> Response:
    """The page, or what one of its buttons does."""
    if request.path != "/":
        return Response(404, b"Not found", {"Content-Type": "text/plain"})
    if request.method == "POST":
        try:
            _act(sandbox, dict(request.form))
        except (ValueError, OverflowError, KeyError) as error:
            return Response(400, f"That did not work: {error}".encode(), {"Content-Type": "text/plain"})
        return Response(303, headers={"Location": "/"})
    return Response(200, _page(sandbox, request).encode(), dict(HTML))


def _act(sandbox: Sandbox, form: dict[str, str]) -> None:
    match form.get("action"):
        case "advance":
            sandbox.clock.advance(timedelta(seconds=int(form["seconds"])))
        case "set":
            sandbox.clock.set(datetime.fromisoformat(form["moment"]))
        case "freeze":
            sandbox.clock.freeze()
        case "resume":
            sandbox.clock.resume()
        case "real":
            sandbox.clock.reset()
        case "remove-fault":
            sandbox.faults.remove(int(form["id"]))
        case "clear-faults":
            sandbox.faults.clear()
        case unknown:
            raise ValueError(f"there is no action {unknown}")


def _page(sandbox: Sandbox, request: Request) -> str:
    host = request.headers.get("host", "127.0.0.1")
    with sandbox.store.lock:
        accounts = sandbox.store.all(Account)
        counts = _counts(sandbox)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Twilio sandbox</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>Twilio sandbox</h1>
<p>A stand-in that answers as Twilio does, over one local file. Nothing here is real: no call is made,
no message is sent, nothing is paid for, and the keys below open no other door.</p>
</header>
<main>
<section>
<h2>Sign in</h2>
<dl>
<dt>Base URL</dt><dd><code>{escape(f"http://{host}")}</code></dd>
{_credentials(sandbox)}
</dl>
<p class="quiet">The subaccounts have keys of their own: <a href="/_sandbox/">/_sandbox/</a> lists them.</p>
</section>
<section>
<h2>Clock</h2>
{_clock(sandbox)}
</section>
<section class="wide">
<h2>Accounts</h2>
{_accounts(accounts, counts)}
<p><a href="/review">Review bundles, change regulations</a> · <a href="/porting">Sign for ports, play the losing carrier</a> ·
<a href="/hosting">Answer verification calls, sign for hosting</a></p>
</section>
<section class="wide">
<h2>Faults</h2>
{_faults(sandbox.faults.list())}
</section>
<section class="wide">
<h2>Last requests</h2>
{_requests(sandbox.journal.entries()[-LATEST:][::-1])}
</section>
</main>
</body>
</html>
"""


def _counts(sandbox: Sandbox) -> dict[str, dict[str, int]]:
    return {
        label: dict(sandbox.store.rows(f"SELECT account, count(*) FROM {source} GROUP BY account"))  # noqa: S608
        for label, source in COUNTED
    }


def _credentials(sandbox: Sandbox) -> str:
    return "\n".join(
        f"<dt>{escape(name.replace('_', ' '))}</dt><dd><code>{escape(value)}</code></dd>"
        for name, value in asdict(sandbox.credentials).items()
    )


def _clock(sandbox: Sandbox) -> str:
    now = sandbox.clock.now()
    state = "stopped" if sandbox.clock.is_frozen else "running"
    ahead = _ahead(sandbox.clock.offset)
    steps = "".join(
        f'<button name="seconds" value="{seconds}">+ {label}</button>' for label, seconds in STEPS
    )
    toggle = ("resume", "Let it run") if sandbox.clock.is_frozen else ("freeze", "Stop")
    return f"""<p class="time"><time>{now:%a %d %b %Y, %H:%M:%S} UTC</time> <span class="tag">{state}</span></p>
<p class="quiet">{ahead}</p>
<form method="post" action="/"><input type="hidden" name="action" value="advance">{steps}</form>
<form method="post" action="/"><input type="hidden" name="action" value="set">
<label>Set to <input type="datetime-local" name="moment" value="{now:%Y-%m-%dT%H:%M}" required></label>
<button>Set</button></form>
<form method="post" action="/"><button name="action" value="{toggle[0]}">{toggle[1]}</button>
<button name="action" value="real">Back to real time</button></form>"""


def _ahead(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "In step with real time."
    days, rest = divmod(abs(minutes), 1440)
    parts = [f"{days} d" if days else "", f"{rest // 60} h" if rest // 60 else "", f"{rest % 60} min"]
    return f"{' '.join(filter(None, parts))} {'ahead of' if minutes > 0 else 'behind'} real time."


def _accounts(accounts: list[Account], counts: dict[str, dict[str, int]]) -> str:
    heads = "".join(f'<th class="figure">{escape(label)}</th>' for label in counts)
    rows = "\n".join(
        f"<tr><th scope=row>{escape(account.friendly_name)}<br><code>{escape(account.sid)}</code></th>"
        f"<td>{_tag(account.status, account.status == 'active')}</td>"
        + "".join(f'<td class="figure">{by.get(account.sid, 0):,}</td>' for by in counts.values())
        + "</tr>"
        for account in accounts
    )
    total = "".join(f'<td class="figure">{sum(by.values()):,}</td>' for by in counts.values())
    return f"""<div class="scroll"><table><thead><tr><th>Account</th><th>Status</th>{heads}</tr></thead>
<tbody>{rows}</tbody><tfoot><tr><th scope="row">All</th><td></td>{total}</tr></tfoot></table></div>"""


def _faults(faults: list[Fault]) -> str:
    if not faults:
        return '<p class="quiet">None. Every request is answered as Twilio would.</p>'
    rows = "\n".join(
        f"<tr><td>{fault.id}</td><td>{escape(fault.kind)}</td><td>{escape(fault.method or 'any')}</td>"
        f"<td><code>{escape(fault.path)}</code></td><td>{escape(_terms(fault))}</td>"
        f'<td class="figure">{fault.fired} of {fault.matched}</td>'
        f'<td><form method="post" action="/"><input type="hidden" name="action" value="remove-fault">'
        f'<button name="id" value="{fault.id}" aria-label="Remove fault {fault.id}">Remove</button></form></td></tr>'
        for fault in faults
    )
    return f"""<div class="scroll"><table><thead><tr><th>#</th><th>Kind</th><th>Method</th><th>Path</th>
<th>Terms</th><th class="figure">Struck</th><th></th></tr></thead><tbody>{rows}</tbody></table></div>
<form method="post" action="/"><button name="action" value="clear-faults">Remove all</button></form>"""


def _terms(fault: Fault) -> str:
    """What a fault says beyond its kind and path, without what it left at rest."""
    plain = Fault(kind=fault.kind)
    shown = (
        "account",
        "nth",
        "times",
        "probability",
        "status",
        "retry_after",
        "body",
        "commits",
        "seconds",
        "at",
        "url",
    )
    terms = [
        f"{name} {getattr(fault, name)}" for name in shown if getattr(fault, name) != getattr(plain, name)
    ]
    return ", ".join(terms) or "always"


def _requests(entries: list[Entry]) -> str:
    if not entries:
        return '<p class="quiet">Nobody has asked anything yet.</p>'
    rows = "\n".join(
        f"<tr><td>{escape(entry.time[11:19])}</td><td>{_tag(_said(entry), entry.status < 400)}</td>"
        f"<td>{escape(entry.method)}</td><td><code>{escape(entry.host + entry.path)}{_query(entry)}</code></td>"
        f"<td>{escape(entry.fault or '')}</td></tr>"
        for entry in entries
    )
    return f"""<div class="scroll"><table><thead><tr><th>Time</th><th>Answer</th><th>Method</th><th>Path</th>
<th>Fault</th></tr></thead><tbody>{rows}</tbody></table></div>"""


def _said(entry: Entry) -> str:
    status = str(entry.status or "none")
    return f"{status} · {entry.code}" if entry.code else status


def _query(entry: Entry) -> str:
    query = "&".join(f"{name}={value}" for name, value in entry.query)
    return f'<span class="quiet">?{escape(query)}</span>' if query else ""


def _tag(text: Any, is_good: bool) -> str:
    return f'<span class="tag {"good" if is_good else "bad"}">{escape(str(text))}</span>'


STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf8; --ink: #1d2126; --quiet: #6a7078; --rule: #dfdcd6;
  --card: #fff; --accent: #1f5fa8; --good: #1c6b45; --bad: #a8331f; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e4e6e9; --quiet: #969da6;
  --rule: #2c3138; --card: #1b1f24; --accent: #82b4ee; --good: #7fcda3; --bad: #f09a86; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.5rem 4rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -.01em; }
h2 { margin: 0 0 .75rem; font-size: .8rem; font-weight: 600; letter-spacing: .06em; text-transform: uppercase;
  color: var(--quiet); }
header p { max-width: 62ch; margin: .4rem 0 0; color: var(--quiet); }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; margin-top: 2rem; }
section { min-width: 0; padding: 1.1rem 1.25rem 1.25rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: 6px; }
.wide { grid-column: 1 / -1; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; margin: 0; }
dt { color: var(--quiet); }
dt::first-letter { text-transform: uppercase; }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .88em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--rule); text-align: start;
  vertical-align: top; font-weight: 400; }
thead th, tfoot th { color: var(--quiet); font-size: .85rem; white-space: nowrap; }
td:last-child, th:last-child { padding-inline-end: 0; }
tbody:last-child tr:last-child > *, tfoot tr > * { border-bottom: 0; }
tbody th code, .quiet { color: var(--quiet); }
.figure { text-align: end; }
.time { margin: 0; font-size: 1.25rem; }
.tag { font-size: .8rem; white-space: nowrap; color: var(--quiet); }
.tag.good { color: var(--good); } .tag.bad { color: var(--bad); font-weight: 600; }
form { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; margin: .6rem 0 0; }
td form { margin: 0; }
button, input { padding: .3rem .7rem; border: 1px solid var(--rule); border-radius: 4px; background: var(--paper);
  color: inherit; font: inherit; font-size: .88rem; }
a { color: var(--accent); }
button { cursor: pointer; }
button:hover { border-color: var(--accent); color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
"""
