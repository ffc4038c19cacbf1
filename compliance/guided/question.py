"""What a task asks: the items that could be used, and the forms to enter or correct one.

One press of a button answers it. What is offered for reuse fits already; every form holds what is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from compliance.guided.draft import Draft
from compliance.guided.fields import input_name
from compliance.guided.findings import sentence_of
from compliance.guided.forms import ItemForm, Judge, as_typed, typed_in
from compliance.guided.inputs import END_USER, document_task
from compliance.guided.offers import facts_of, most_alike, not_of_others, once, uses_of
from compliance.knowing.own_numbers import own_numbers_in
from compliance.labels import DOCUMENT_STATES
from compliance.lint import holder_names
from compliance.matching import Match, fitting_addresses, fitting_documents, fitting_end_users
from compliance.models import EndUser, SupportingDocument
from compliance.rejections import Rejection, explain_all
from compliance.requirements import Accepted, DocumentNeed, EndUserNeed
from inventory.models import Address
from portal.labels import Label, label_for
from portal.models import StoredFile
from portal.secrets import fingerprint

KEEP, NEW = "keep", "new"
_SHOWN = 6

Item = EndUser | SupportingDocument
Sent = tuple[QueryDict, Mapping[str, "UploadedFile[bytes]"]]


@dataclass
class Option:
    """One answer: an item that is there, or a form for what is not."""

    value: str
    label: str
    hint: str = ""
    facts: Sequence[tuple[str, str]] = ()
    badge: Label | None = None
    form: ItemForm | None = None
    item: Item | None = None
    accepted: Accepted | None = None
    reasons: Sequence[Rejection] = ()

    @property
    def is_new(self) -> bool:
        return self.value.startswith(NEW)


@dataclass(frozen=True)
class Group:
    """Options under one heading; `more` are folded away behind them."""

    title: str
    options: Sequence[Option]
    more: Sequence[Option] = ()
    chosen: str = ""

    @property
    def is_open(self) -> bool:
        return any(one.value == self.chosen for one in self.more)


@dataclass
class Question:
    """The options of a task, which one is chosen, and what guards its form."""

    draft: Draft
    task: str
    options: list[Option]
    chosen: str
    form_key: UUID
    use_error: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def option(self) -> Option | None:
        return next((one for one in self.options if one.value == self.chosen), None)

    @property
    def held(self) -> Item | None:
        return next((one.item for one in self.options if one.value == KEEP), None)

    @property
    def groups(self) -> list["Group"]:
        """In this bundle, from what is there, new."""
        kept = [one for one in self.options if one.value == KEEP]
        new = [one for one in self.options if one.is_new]
        rest = [one for one in self.options if one not in kept and one not in new]
        title = "Enter a new one" if self.task == END_USER else "Send a new one"
        if len(new) > 1:
            title = f"{title}: any one of these {len(new)}"
        more = rest[_SHOWN:] if len(rest) > _SHOWN + 2 else []
        found = [
            Group("", kept),
            Group("Use what is there", rest[: len(rest) - len(more)], more, self.chosen),
            Group(title, new),
        ]
        return [group for group in found if group.options]

    @property
    def has_choice(self) -> bool:
        return len(self.options) > 1

    @property
    def token(self) -> str:
        """What the page was opened with: another one later means that somebody was here."""
        answer, held = self.draft.answers.get(self.task), self.held
        return token_of(answer.version if answer else 0, held)


def token_of(version: int, held: Item | None) -> str:
    seal = (
        fingerprint("guided", held.pk, held.friendly_name, repr(sorted(held.values.items()))) if held else ""
    )
    return f"{version}.{seal}"


def ask_end_user(draft: Draft, need: EndUserNeed, sent: Sent | None = None) -> Question:
    held = draft.end_user
    memory = _Memory(draft, END_USER, sent)
    judge = _judge(lambda values: need.faults(values), memory, "The end user")
    asked = need.fields
    options: list[Option] = []
    if held:
        form = memory.form(KEEP, asked=asked, judge=judge, held=held.values, country=draft.country)
        problems = {name: words.removesuffix(".") for name, words in need.faults(held.values).items()}
        problems |= {
            fault.field: sentence_of(fault)
            for fault in draft.faults_of(need.requirement_name)
            if fault.field and fault.field not in problems
        }
        memory.point_out(form, problems)
        options.append(Option(KEEP, str(held), "In this bundle.", form=form, item=held))
    fitting = fitting_end_users(need, draft.bundle.account)
    rows = once(fitting, need.fields, held)
    uses = uses_of(draft.bundle, [row.pk for row in rows])
    rows = most_alike(rows, draft.bundle.friendly_name, draft.country, uses)
    options += [
        Option(row.pk, str(row), uses.get(row.pk, ""), facts=facts_of(row, need.fields), item=row)
        for row in rows
    ]
    form = memory.form(NEW, asked=asked, judge=judge, held={}, country=draft.country)
    options.append(Option(NEW, "A new end user", form=form))
    return memory.question(END_USER, options)


def ask_document(draft: Draft, need: DocumentNeed, sent: Sent | None = None) -> Question:
    task = document_task(need)
    memory = _Memory(draft, task, sent)
    addresses = _addresses(draft, need)
    held = draft.held(need)
    options: list[Option] = []
    mine = draft.matches(need)
    for match in mine:
        is_held = held is not None and match.item.pk == held.item.pk
        if is_held or match.fits or _is_open(match.item):
            options.append(_of_bundle(draft, need, match, memory, addresses, is_held=is_held))
    options.sort(key=lambda one: one.value != KEEP)
    taken = {match.item.pk for match in mine}
    options += [
        Option(
            row.pk, str(row), facts=facts_of(row, accepted.fields), item=row, accepted=accepted,
            badge=label_for(DOCUMENT_STATES, row.status),
        )
        for row in not_of_others(
            draft,
            fitting_documents(
                need, draft.bundle.account, end_user=draft.end_user_values or None, country=draft.country
            ),
        )
        if row.pk not in taken and (accepted := need.accepts(row.type))
    ]  # fmt: skip
    for accepted in need.accepted:
        value = f"{NEW}-{input_name(accepted.type)}"
        if any(one.value == value for one in options):  # the same type under another name
            value = f"{value}-{len(options)}"
        decided = _decided(mine, accepted)
        known = {**(decided.values if decided else {}), **_known(draft, accepted)}
        form = _document_form(draft, accepted, memory, value, known, addresses, file_from=_file_of(decided))
        options.append(Option(value, accepted.name, form=form, accepted=accepted))
    return memory.question(task, options)


def _of_bundle(
    draft: Draft,
    need: DocumentNeed,
    match: Match,
    memory: "_Memory",
    addresses: Sequence[Address],
    *,
    is_held: bool,
) -> Option:
    """A document that the bundle holds already, to be kept, corrected, or used for this requirement too."""
    document = match.item
    assert isinstance(document, SupportingDocument)
    accepted = need.accepts(document.type)
    assert accepted is not None
    value = KEEP if is_held else document.pk
    is_rejected = document.status in (document.Status.REJECTED, document.Status.EXPIRED)
    reasons = explain_all(document.error_codes, document.failure_reason) if is_rejected else ()
    form = None
    if document.is_content_open:
        problems = {
            name: words.removesuffix(".")
            for name, words in match.faults.items()
            if name != "status" and (is_held or name not in ("file",))
        }
        if is_held:
            problems |= {
                fault.field: sentence_of(fault)
                for fault in draft.faults_of(need.requirement_name)
                if fault.field and fault.field not in problems
            }
        lacks_file = accepted.takes_file and not document.mime_type
        known = {**_known(draft, accepted), **document.values}
        form = _document_form(
            draft, accepted, memory, value, known, addresses,
            needs_file=lacks_file or any(reason.needs_file for reason in reasons),
        )  # fmt: skip
        if is_held:
            if any(reason.needs_file for reason in reasons):
                problems["file"] = (
                    f"Select another file: {reasons[0].words[:1].lower()}{reasons[0].words[1:-1]}"
                )
            memory.point_out(form, problems)
    hint = "In this bundle." if is_held else "In this bundle already: it can prove this as well."
    return Option(
        value, str(document), hint, facts=facts_of(document, accepted.fields), form=form, item=document,
        accepted=accepted, badge=label_for(DOCUMENT_STATES, document.status), reasons=reasons,
    )  # fmt: skip


def _document_form(
    draft: Draft,
    accepted: Accepted,
    memory: "_Memory",
    value: str,
    held: Mapping[str, Any],
    addresses: Sequence[Address],
    *,
    needs_file: bool | None = None,
    file_from: StoredFile | None = None,
) -> ItemForm:
    judge = _judge(
        lambda values: accepted.faults(values, draft.end_user_values or None), memory, "The document"
    )
    return memory.form(
        value,
        asked=accepted.fields,
        judge=judge,
        held=held,
        country=draft.country,
        addresses=[(row.pk, ", ".join([str(row), *row.lines])) for row in addresses]
        if accepted.cites_addresses
        else (),
        max_age_months=accepted.max_age_months,
        file_of=accepted.name if accepted.takes_file else "",
        needs_file=True if needs_file is None else needs_file,
        bundle_sid=draft.bundle.pk,
        file_from=file_from,
    )


def _decided(mine: Sequence[Match], accepted: Accepted) -> SupportingDocument | None:
    """The bundle's document of this type that Twilio keeps as it is, so that another one repeats it."""
    for match in mine:
        item = match.item
        if isinstance(item, SupportingDocument) and item.type == accepted.type and not item.is_content_open:
            return item
    return None


def _file_of(document: SupportingDocument | None) -> StoredFile | None:
    """Our copy of its file, while there is one."""
    return StoredFile.objects.there().filter(owner_sid=document.pk).first() if document else None


def _known(draft: Draft, accepted: Accepted) -> dict[str, Any]:
    """What need not be asked again: the end user's own values where they must be the same, the address."""
    known: dict[str, Any] = {}
    for one in accepted.fields:
        if one.kind == "addresses":
            known[one.name] = [draft.chosen_address] if draft.chosen_address else []
        elif one.equals:
            parts = [str(draft.end_user_values.get(name) or "") for name in one.equals]
            known[one.name] = " ".join(part for part in parts if part)
    return known


def _addresses(draft: Draft, need: DocumentNeed) -> list[Address]:
    """Addresses that a document for this requirement may cite, the chosen one first."""
    if not any(accepted.cites_addresses for accepted in need.accepted):
        return []
    rows = fitting_addresses(
        draft.bundle.account,
        country=draft.country if need.is_domestic else "",
        names=holder_names(draft.end_user_values),
    )
    return sorted(rows, key=lambda row: row.pk != draft.chosen_address)


def _is_open(item: Item) -> bool:
    return isinstance(item, SupportingDocument) and item.is_content_open


def _judge(rule: Judge, memory: "_Memory", what: str) -> Judge:
    """A rule of the regulation, and that no number of our own stands where a customer's belongs."""

    def judge(values: Mapping[str, Any]) -> Mapping[str, str]:
        faults = dict(rule(values))
        if not memory.is_our_own:
            for name, own in own_numbers_in(values).items():
                memory.has_own_number = True
                faults.setdefault(
                    name,
                    f"This is our own number ({own.label}). Enter the customer's, or say below that the "
                    "end user is our own company",
                )
        return faults

    return judge


class _Memory:
    """What was typed at a task: sent just now, or saved before."""

    def __init__(self, draft: Draft, task: str, sent: Sent | None) -> None:
        self._draft = draft
        self._sent = sent
        self._saved = {} if sent else draft.said(task)
        self.is_our_own = bool(sent and sent[0].get("our-own"))
        self.has_own_number = False

    @property
    def use(self) -> str:
        if self._sent:
            data = self._sent[0]
            return data.get("instead") or data.get("use") or ""
        return str(self._saved.get("use") or "")

    def form(self, prefix: str, **about: Any) -> ItemForm:
        if self._sent and self.use == prefix:
            return ItemForm(*self._sent, prefix=prefix, **about)
        typed = self._saved.get("typed")
        if typed and self.use == prefix:
            form = ItemForm(as_typed(typed), prefix=prefix, **about)
            form.show_unjudged()
            form.show_kept(str(self._saved.get("file") or ""))
            return form
        return ItemForm(prefix=prefix, **about)

    def point_out(self, form: ItemForm, problems: Mapping[str, str]) -> None:
        """Say what is wrong with what is held, unless somebody has begun to correct it."""
        if problems and not form.is_bound:
            form.point_out(problems)

    def question(self, task: str, options: list[Option]) -> Question:
        values = [one.value for one in options]
        chosen = self.use if self.use in values else ""
        if not chosen and not self._sent:
            chosen = KEEP if KEEP in values else values[0] if len(values) == 1 else ""
        if len(values) == 1:
            chosen = values[0]
        key = _uuid(self._sent[0].get("form_key") if self._sent else self._saved.get("key"))
        return Question(self._draft, task, options, chosen, key)


def answer_of(question: Question, data: QueryDict) -> dict[str, Any]:
    """What is kept of what was sent, until Twilio has it."""
    return {
        "use": question.chosen,
        "typed": typed_in(data, question.chosen) if question.chosen else {},
        "key": str(question.form_key),
    }


def _uuid(text: Any) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        return uuid4()
