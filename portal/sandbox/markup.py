"""What the sandbox's pages are made of: one frame, and the few things they all show. No script, no assets."""

# ruff: noqa: E501 (markup)

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from portal.sandbox import callbacks, elsewhere
from portal.sandbox.status_page import HTML, STYLE
from portal.sandbox.store import Store
from portal.sandbox.wire import Request, Response

NAVIGATION = (
    ("/", "Sandbox"),
    ("/review", "Bundles"),
    ("/review/regulations", "Regulations"),
    ("/porting", "Porting"),
    ("/hosting", "Hosting"),
)


def serve(request: Request, base: str, act: Callable[[], str], body: Callable[[], str]) -> Response:
    """A page, or what one of its buttons does; `act` tells the place below `base` to go to then."""
    try:
        if request.method == "POST":
            return Response(303, headers={"Location": f"{base}/{act()}".rstrip("/")})
        return Response(200, body().encode(), dict(HTML))
    except LookupError as error:
        return _plain(404, str(error))
    except (ValueError, TypeError) as error:
        return _plain(400, f"That did not work: {error}")


def _plain(status: int, text: str) -> Response:
    return Response(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})


def page(title: str, content: str) -> str:
    links = " · ".join(f'<a href="{path}">{name}</a>' for path, name in NAVIGATION)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Twilio sandbox</title><link rel="icon" href="data:,"><style>{STYLE}{MORE_STYLE}</style></head>
<body><header><h1>{escape(title)}</h1><nav>{links}</nav></header>
<main>{content}</main></body></html>
"""


def facts(values: dict[str, Any]) -> str:
    """A list of what is known; nothing of what is not."""
    shown = "".join(
        f"<dt>{name}</dt><dd>{escape(str(value))}</dd>" for name, value in values.items() if value
    )
    return f"<dl>{shown}</dl>"


def tag(text: str, tone: str = "") -> str:
    return f'<span class="tag{f" {tone}" if tone else ""}">{escape(text)}</span>'


def table(rows: str, *heads: str, empty: str = "None.") -> str:
    head = "".join(f"<th>{one}</th>" for one in heads)
    body = rows or f'<tr><td class="quiet" colspan="{max(len(heads), 1)}">{empty}</td></tr>'
    return f'<div class="scroll"><table>{f"<thead><tr>{head}</tr></thead>" if head else ""}<tbody>{body}</tbody></table></div>'


def options(values: Iterable[tuple[object, str]]) -> str:
    return "".join(f'<option value="{value}">{escape(text)}</option>' for value, text in values)


def filters(base: str, statuses: Iterable[str]) -> str:
    links = " · ".join(f'<a href="{base}?status={one}">{one}</a>' for one in statuses)
    return f'<p class="quiet"><a href="{base}">all</a> · {links}</p>'


def line(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items() if value is not None)


def calls(store: Store, prefixes: tuple[str, ...], most: int = 15) -> str:
    """The last callbacks about resources of these kinds."""
    found = [one for one in callbacks.latest(store) if one.subject.startswith(prefixes)][:most]
    rows = "".join(
        f"<tr><td>{one.id}</td><td><code>{escape(one.url)}</code></td><td>{escape(line(one.fields))}</td>"
        f"<td>{escape(one.answer or ('waits' if one.sent is None else 'on its way'))}</td></tr>"
        for one in found
    )
    return f'<section class="wide"><h2>Callbacks</h2>{table(rows, empty="None yet.")}</section>'


def fates() -> str:
    """What becomes of which numbers, for whoever chooses one."""
    rows = "".join(
        f'<tr><th scope="row">{escape(one.endings)}</th><td>{escape(one.porting)}</td><td>{escape(one.hosting)}</td></tr>'
        for one in elsewhere.FATES
    )
    return f"""<section class="wide"><h2>What becomes of a number</h2>
<p class="quiet">The last two digits of a number of the United States or Canada tell. Area codes 207, 605, 701 and 802 are empty:
+1 207 555 0164 is a local number that is rejected with 22154 once.</p>{table(rows, "Last two digits", "Ported", "Hosted")}</section>"""


MORE_STYLE = """
nav { margin-top: .4rem; color: var(--quiet); }
section form + form { margin-top: 1.1rem; }
label { display: inline-flex; flex-wrap: wrap; gap: .35rem; align-items: center; max-width: 100%; }
td:last-child form { flex-wrap: nowrap; }
td:last-child a, button { white-space: nowrap; }
form > .scroll, form > p { flex: 1 0 100%; margin: 0; }
.block { display: grid; width: 100%; }
select { max-width: min(22rem, 100%); padding: .3rem .5rem; border: 1px solid var(--rule); border-radius: 4px; background: var(--paper); color: inherit; font: inherit; font-size: .88rem; }
textarea { width: 100%; padding: .6rem; border: 1px solid var(--rule); border-radius: 4px; background: var(--paper); color: inherit; font: .82rem/1.45 ui-monospace, Menlo, Consolas, monospace; }
input[type="number"] { width: 6rem; }
.letter { max-width: 42rem; margin-inline: auto; width: 100%; grid-column: 1 / -1; }
.letter p { margin: .8rem 0; }
.letter ul { columns: 11rem; padding-inline-start: 1.1rem; font-variant-numeric: tabular-nums; }
.strong { border-color: var(--accent); background: var(--accent); color: var(--paper); font-weight: 600; }
.strong:hover { color: var(--paper); filter: brightness(1.1); }
.display { margin: .4rem 0; font: 600 2.4rem/1.2 ui-monospace, Menlo, Consolas, monospace; letter-spacing: .18em; }
"""
