"""The reviewer's pages below `/review`: bundles to judge, regulations to change. No script, no assets."""

# ruff: noqa: E501 (markup)

import json
from collections.abc import Iterable
from html import escape
from typing import Any

import msgspec

from portal.sandbox.core import Sandbox
from portal.sandbox.markup import calls, facts, filters, line, page, serve, tag
from portal.sandbox.regulatory import laws, review
from portal.sandbox.regulatory.evaluations import evaluate_bundle
from portal.sandbox.regulatory.items import items_of
from portal.sandbox.regulatory.reasons import REASONS
from portal.sandbox.regulatory.requirements import alternatives
from portal.sandbox.regulatory.resources import (
    APPROVED,
    DRAFT,
    IN_REVIEW,
    NUMBER_TYPES,
    PENDING,
    PROVISIONAL,
    REJECTED,
    STATUSES,
    Bundle,
    EndUser,
    Regulation,
    SupportingDocument,
)
from portal.sandbox.regulatory.verdicts import Verdict, find_bundle
from portal.sandbox.store import Store
from portal.sandbox.wire import Request, Response, decode

MOST = 200
GOOD = (APPROVED, PROVISIONAL, "approved", "provisionally-approved")
BAD = (REJECTED, "rejected", "expired")
EXAMPLE = {
    "end_user": [
        {
            "name": "Business",
            "type": "business",
            "requirement_name": "business_info",
            "detailed_fields": [
                {"machine_name": "business_name", "friendly_name": "Business Name"},
                {"machine_name": "moon_phase", "friendly_name": "Moon Phase", "constraints": [{"type": "enum", "values": ["NEW", "FULL"]}]},
            ],
        }
    ],
    "supporting_document": [
        [
            {
                "name": "Proof of Lighthouse",
                "requirement_name": "lighthouse_info",
                "description": "",
                "accepted_documents": [
                    {
                        "name": "Lighthouse Certificate",
                        "type": "lighthouse_certificate",
                        "detailed_fields": [{"machine_name": "beam_colour", "friendly_name": "Beam Colour"}],
                        "constraints": [{"type": "file"}],
                    }
                ],
            }
        ]
    ],
}  # fmt: skip


def answer(sandbox: Sandbox, request: Request) -> Response:
    """A page, or what one of its buttons does; `request.path` is what follows `/review`."""
    place = request.path.strip("/")

    def body() -> str:
        with sandbox.store.lock:
            return _body(sandbox, place, dict(request.query))

    return serve(request, "/review", lambda: _act(sandbox, place, request), body)


def _body(sandbox: Sandbox, place: str, query: dict[str, str]) -> str:
    store = sandbox.store
    if not place:
        return _queue(store, query.get("status", ""))
    if place == "regulations":
        return _regulations(store)
    if place.startswith("BU"):
        return _bundle(store, find_bundle(store, place))
    return _regulation(laws.find(store, place))


def _act(sandbox: Sandbox, place: str, request: Request) -> str:
    """Do what a form asks for, and say where to go then."""
    form = dict(request.form)
    if place.startswith("BU"):
        sandbox.judge(place, _verdict(request))
    elif place == "regulations":
        new = laws.NewRegulation(
            iso_country=form["country"],
            number_type=form["number_type"],
            end_user_type="business" if form["end_user_type"] == "business" else "individual",
            requirements=_json(form["requirements"]),
        )
        return sandbox.add_regulation(new).sid
    elif place.startswith("RN"):
        return sandbox.change_regulation(place, _change(form)).sid
    elif not place:
        settings = review.ReviewSettings("automatic" in form, int(form["pick_up"]), int(form["decide"]))
        sandbox.set_reviews(settings)
    else:
        raise LookupError(f"There is no page {place}.")
    return place


def _verdict(request: Request) -> Verdict:
    form = dict(request.form)
    documents = [value for name, value in request.form if name == "document"]
    code = int(form["code"]) if form.get("code") else None
    return Verdict(
        status=form.get("status"),
        code=code,
        reason=form.get("reason", ""),
        documents=documents,
        valid_until=form.get("valid_until"),
    )


def _change(form: dict[str, str]) -> laws.RegulationChange:
    days, reissue = int(form.get("days") or 60), "reissue" in form
    if form.get("requirements"):
        return laws.RegulationChange(requirements=_json(form["requirements"]), days=days, reissue=reissue)
    added = form.get("add")
    field = {"machine_name": added, "friendly_name": form.get("called") or added} if added else None
    return laws.RegulationChange(
        add=field, remove=form.get("remove") or None, at=form["at"], days=days, reissue=reissue
    )


def _json(text: str) -> dict[str, Any]:
    try:
        found = decode(text.encode())
    except msgspec.DecodeError as error:
        raise ValueError(f"the requirements are not JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError("the requirements are not an object")
    return found


def _queue(store: Store, status: str) -> str:
    found = [bundle for bundle in reversed(store.all(Bundle)) if status in ("", bundle.status)]
    waiting = sorted((bundle for bundle in found if _waits(bundle)), key=lambda bundle: bundle.date_updated)
    found = [*waiting, *(bundle for bundle in found if not _waits(bundle))]
    settings = review.read_settings(store)
    rows = "".join(
        f'<tr><th scope="row"><a href="/review/{bundle.sid}">{escape(bundle.friendly_name)}</a><br><code>{bundle.sid}</code></th>'
        f"<td>{_tag(bundle.status)}</td><td>{_moment(bundle.valid_until)}</td><td>{_moment(bundle.date_updated)}</td>"
        f"<td>{_quick(bundle)}</td></tr>"
        for bundle in found[:MOST]
    )
    return page(
        "Review",
        f"""<section class="wide"><h2>Bundles</h2>{filters("/review", STATUSES)}
<div class="scroll"><table><thead><tr><th>Bundle</th><th>Status</th><th>Valid until</th><th>Updated</th><th></th></tr></thead><tbody>{rows}</tbody></table></div></section>
<section><h2>By itself</h2><form method="post" action="/review">
<label><input type="checkbox" name="automatic"{" checked" if settings.automatic else ""}> Review what is submitted</label>
<label>picked up after <input type="number" name="pick_up" value="{settings.pick_up}" min="0"> s</label>
<label>decided after <input type="number" name="decide" value="{settings.decide}" min="0"> s</label><button>Save</button></form></section>
{calls(store, ("BU",))}""",
    )


def _waits(bundle: Bundle) -> bool:
    return bundle.status in (PENDING, IN_REVIEW)


def _moment(text: str | None) -> str:
    return f'<span class="tag">{text[:10]} {text[11:16]}</span>' if text else ""


def _quick(bundle: Bundle) -> str:
    if not _waits(bundle):
        return ""
    pick_up = (
        f'<button name="status" value="{IN_REVIEW}">Pick up</button>' if bundle.status == PENDING else ""
    )
    return (
        f'<form method="post" action="/review/{bundle.sid}">{pick_up}'
        f'<button name="status" value="{APPROVED}" aria-label="Approve {escape(bundle.friendly_name)}">Approve</button></form>'
    )


def _bundle(store: Store, bundle: Bundle) -> str:
    items = items_of(store, bundle)
    evaluation = evaluate_bundle(store, bundle, "", "")
    files = {sid for (sid,) in store.rows("SELECT sid FROM file")}
    things = "".join(
        [_thing(one, "") for one in items.end_users]
        + [_thing(one, _file_link(one) if one.sid in files else "") for one in items.documents]
    )
    verdicts = "".join(
        f"<tr><td>{escape(result['requirement_friendly_name'])}</td><td>{escape(result['friendly_name'])}</td>"
        f"<td>{_tag('passed' if result['passed'] else 'failed', is_good=result['passed'])}</td><td>{escape(_why(result))}</td></tr>"
        for result in evaluation.results
    )
    known = {
        "Account": bundle.account_sid, "Regulation": bundle.regulation_sid, "Status": bundle.status,
        "Valid until": bundle.valid_until, "Said last": bundle.failure_reason, "Email": bundle.email,
        "Status callback": bundle.status_callback, "Copy of": bundle.parent_sid, "Test": bundle.is_test or None,
    }  # fmt: skip
    return page(
        bundle.friendly_name,
        f"""<section><h2>Bundle</h2>{facts(known)}
<p><a href="/review/{bundle.regulation_sid}">Its regulation</a></p></section>
<section><h2>Verdict</h2>{_verdict_forms(bundle, items.documents)}</section>
<section class="wide"><h2>Items</h2><div class="scroll"><table><tbody>{things or '<tr><td class="quiet">None.</td></tr>'}</tbody></table></div></section>
<section class="wide"><h2>Evaluation: {evaluation.status}</h2><div class="scroll"><table><tbody>{verdicts}</tbody></table></div></section>""",
    )


def _verdict_forms(bundle: Bundle, documents: Iterable[SupportingDocument]) -> str:
    if bundle.status == DRAFT:
        return '<p class="quiet">A draft is its owner\'s: it has not been submitted.</p>'
    codes = "".join(
        f'<option value="{code}">{code} {escape(text)}</option>' for code, text in REASONS.items()
    )
    papers = "".join(
        f'<label><input type="checkbox" name="document" value="{one.sid}"> {escape(one.friendly_name)}</label>'
        for one in documents
    )
    action = f'<form method="post" action="/review/{bundle.sid}">'
    until = (
        f'{action}<label>Valid until <input type="date" name="valid_until"></label><button>Set</button></form>'
        if bundle.status in (APPROVED, PROVISIONAL)
        else ""
    )
    return f"""{action}<button name="status" value="{APPROVED}">Approve</button><button name="status" value="{PROVISIONAL}">Approve provisionally</button>
<button name="status" value="{IN_REVIEW}">In review</button></form>
{action}<label>Code <select name="code">{codes}</select></label><label>Reason <input name="reason" placeholder="Twilio's words"></label>{papers}
<button name="status" value="{REJECTED}">Reject</button></form>{until}"""


def _file_link(document: SupportingDocument) -> str:
    return f' <a href="/_sandbox/files/{document.sid}">file</a>'


def _thing(one: EndUser | SupportingDocument, file: str) -> str:
    status = _tag(one.status) if isinstance(one, SupportingDocument) else "end user"
    reason = one.failure_reason if isinstance(one, SupportingDocument) else None
    return (
        f'<tr><th scope="row">{escape(one.type)}{file}<br><code>{one.sid}</code></th><td>{status}<br>{escape(reason or "")}</td>'
        f"<td>{escape(line(one.attributes))}</td></tr>"
    )


def _regulations(store: Store) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="/review/{one.sid}">{escape(one.friendly_name)}</a></th><td>{escape(one.iso_country)}</td>'
        f"<td>{escape(one.number_type)}</td><td>{one.end_user_type}</td><td>version {one.version}{' (retired)' if one.retired else ''}</td></tr>"
        for one in sorted(store.all(Regulation), key=lambda one: one.friendly_name)
    )
    types = "".join(f"<option>{one}</option>" for one in NUMBER_TYPES)
    return page(
        "Regulations",
        f"""<section class="wide"><h2>Regulations</h2><div class="scroll"><table><tbody>{rows}</tbody></table></div></section>
<section class="wide"><h2>Another one</h2><form method="post" action="/review/regulations">
<label>Country <input name="country" size="3" maxlength="2" required></label><label>Number type <select name="number_type">{types}</select></label>
<label>End user <select name="end_user_type"><option>business</option><option>individual</option></select></label>
<label class="block">Requirements<textarea name="requirements" rows="20">{escape(json.dumps(EXAMPLE, indent=1))}</textarea></label><button>Add</button></form></section>""",
    )


def _regulation(regulation: Regulation) -> str:
    places = ["end_user"]
    for group in alternatives(regulation.requirements):
        places += [one["requirement_name"] for one in group if one["requirement_name"] not in places]
    options = "".join(f"<option>{escape(place)}</option>" for place in places)
    action = f'<form method="post" action="/review/{regulation.sid}">'
    terms = '<label>Days left for approved bundles <input type="number" name="days" value="60" min="0"></label><label><input type="checkbox" name="reissue"> under a new SID</label>'
    return page(
        regulation.friendly_name,
        f"""<section class="wide"><h2>Version {regulation.version}{" (retired)" if regulation.retired else ""}</h2>
{action}<label>At <select name="at">{options}</select></label><label>ask for <input name="add" placeholder="machine_name"></label>
<label>called <input name="called"></label><label>no longer for <input name="remove" placeholder="machine_name"></label>{terms}<button>Change</button></form></section>
<section class="wide"><h2>All of it</h2>{action}<label class="block">Requirements<textarea name="requirements" rows="40">{escape(json.dumps(regulation.requirements, indent=1))}</textarea></label>{terms}<button>Replace</button></form></section>""",
    )


def _why(result: dict[str, Any]) -> str:
    return "; ".join(one["failure_reason"] for one in result["invalid"]) or result["failure_reason"] or ""


def _tag(text: str, *, is_good: bool | None = None) -> str:
    good = text in GOOD if is_good is None else is_good
    bad = text in BAD if is_good is None else not is_good
    return tag(text, "good" if good else "bad" if bad else "")
