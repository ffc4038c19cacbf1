"""What differs between two states of what a regulation asks for, in plain words. Pure: no rows, no calls."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from compliance.requirements import (
    Accepted,
    DocumentNeed,
    EndUserNeed,
    Field,
    Kind,
    Requirements,
    read_requirements,
)

Effect = Literal["more", "less", "other"]
KIND_WORDS: Mapping[Kind, str] = {
    "text": "text",
    "long": "longer text",
    "choice": "one of several values",
    "date": "a date",
    "email": "an e-mail address",
    "phone": "a phone number",
    "url": "a web address",
    "country": "a country",
    "list": "several values",
    "addresses": "addresses",
}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise now: of what, what, and whether it asks for more."""

    part: str
    sentence: str
    effect: Effect = "other"
    before: str = ""  # values for machines, where the sentence leaves them out
    after: str = ""

    @property
    def asks_for_more(self) -> bool:
        return self.effect == "more"


def diff(before: Any, after: Any) -> list[Difference]:
    """From one `requirements` of a regulation's payload to another.

    Empty only where the two are the same to the letter; what changes nothing for anybody is said in one line.
    """
    if before == after:
        return []
    return diff_requirements(read_requirements(before), read_requirements(after)) or [
        Difference("Regulation", "Twilio writes it in another way or order. What is needed is the same.")
    ]


def diff_requirements(before: Requirements, after: Requirements) -> list[Difference]:
    return [
        *_end_users(before.end_users, after.end_users),
        *_needs(before, after),
        *_arrangement(before, after),
    ]


def _end_users(before: Sequence[EndUserNeed], after: Sequence[EndUserNeed]) -> Iterator[Difference]:
    for old, new in _pairs(before, after, lambda need: need.type):
        if new is None and old is not None:
            yield Difference(
                "End user", f"An end user of the type {old.name} is not needed any more.", "less"
            )
        elif old is None and new is not None:
            needed = f": {_listed(one.label for one in new.fields)}" if new.fields else ""
            yield Difference("End user", f"An end user of the type {new.name} is needed{needed}.", "more")
        elif old and new:
            part = f"End user: {new.name}"
            yield from _renamed(part, old.name, new.name)
            yield from _fields(part, old.fields, new.fields)


def _needs(before: Requirements, after: Requirements) -> Iterator[Difference]:
    for old, new in _pairs(_all_needs(before), _all_needs(after), lambda need: need.requirement_name):
        if new is None and old is not None:
            yield Difference("Documents", f"{old.name} needs no proof any more.", "less")
        elif old is None and new is not None:
            papers = _listed((paper.name for paper in new.accepted), "or")
            yield Difference("Documents", f"{new.name} must be proved{_by(papers)}.", "more")
        elif old and new:
            yield from _need(old, new)


def _need(old: DocumentNeed, new: DocumentNeed) -> Iterator[Difference]:
    part = new.name
    yield from _renamed(part, old.name, new.name)
    if old.description != new.description:
        yield Difference(
            part, "Twilio describes it in other words.", before=old.description, after=new.description
        )
    if new.is_domestic and not old.is_domestic:
        yield Difference(part, "The address must be in the country of the number now.", "more")
    if old.is_domestic and not new.is_domestic:
        yield Difference(part, "The address may be in another country than the number now.", "less")
    for was, now in _pairs(old.accepted, new.accepted, lambda paper: paper.type):
        if now is None and was is not None:
            yield Difference(part, f"{was.name} is not accepted any more.", "more")
        elif was is None and now is not None:
            yield Difference(part, f"{now.name} is accepted as well.", "less")
        elif was and now:
            yield from _paper(f"{part}: {now.name}", was, now)


def _paper(part: str, old: Accepted, new: Accepted) -> Iterator[Difference]:
    yield from _renamed(part, old.name, new.name)
    if new.takes_file and not old.takes_file:
        yield Difference(part, "A file must be uploaded now.", "more")
    if old.takes_file and not new.takes_file:
        yield Difference(part, "No file is uploaded any more.", "less")
    if old.max_age_months != new.max_age_months:
        yield _age(part, old.max_age_months, new.max_age_months)
    yield from _fields(part, old.fields, new.fields)


def _age(part: str, old: int | None, new: int | None) -> Difference:
    if new is None:
        return Difference(part, f"It may be of any age now, no longer {_months(old)} old at most.", "less")
    if old is None:
        return Difference(part, f"It may be {_months(new)} old at most now.", "more")
    effect: Effect = "more" if new < old else "less"
    return Difference(part, f"It may be {_months(new)} old at most now, no longer {_months(old)}.", effect)


def _fields(part: str, before: Sequence[Field], after: Sequence[Field]) -> Iterator[Difference]:
    for old, new in _pairs(before, after, lambda one: one.name):
        if new is None and old is not None:
            yield Difference(part, f"{old.label} is not asked for any more.", "less")
        elif old is None and new is not None:
            if new.is_optional:
                yield Difference(part, f"{new.label} may be given now.")
            else:
                yield Difference(part, f"{new.label} is needed now.", "more")
        elif old and new:
            yield from _field(part, old, new)


def _field(part: str, old: Field, new: Field) -> Iterator[Difference]:
    name = new.label
    yield from _renamed(part, old.label, name)
    if old.is_optional and not new.is_optional:
        yield Difference(part, f"{name} is needed now. It was optional.", "more")
    if new.is_optional and not old.is_optional:
        yield Difference(part, f"{name} is optional now.", "less")
    if old.choices != new.choices:
        yield from _choices(part, name, old.choices, new.choices)
    if old.kind != new.kind:
        yield Difference(part, f"{name} is {KIND_WORDS[new.kind]} now. It was {KIND_WORDS[old.kind]}.")
    if old.max_length != new.max_length:
        yield _length(part, name, old.max_length, new.max_length)
    if old.pattern != new.pattern:
        sentence = f"{name} may be written in any way now." if not new.pattern else ""
        yield Difference(
            part,
            sentence or f"{name} must be written in {'another' if old.pattern else 'a certain'} way now.",
            "more" if new.pattern else "less",
            before=old.pattern,
            after=new.pattern,
        )
    if old.equals != new.equals:
        yield _equality(part, name, new.equals)
    if old.hint != new.hint:
        yield Difference(
            part, f"What Twilio says about {name} is another text.", before=old.hint, after=new.hint
        )


def _choices(part: str, name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    if not old:
        yield Difference(part, f"{name} must be one of these now: {', '.join(new)}.", "more")
    elif not new:
        yield Difference(part, f"{name} may be anything now. It was one of: {', '.join(old)}.", "less")
    else:
        if gone := [value for value in old if value not in new]:
            yield Difference(part, f"{name} may not be {_listed(gone, 'or')} any more.", "more")
        if come := [value for value in new if value not in old]:
            yield Difference(part, f"{name} may also be {_listed(come, 'or')} now.", "less")
        if not gone and not come:
            yield Difference(part, f"The values of {name} stand in another order.")


def _length(part: str, name: str, old: int | None, new: int | None) -> Difference:
    if new is None:
        return Difference(part, f"{name} may be of any length now, no longer {old} characters.", "less")
    effect: Effect = "more" if old is None or new < old else "less"
    was = "" if old is None else f", no longer {old}"
    return Difference(part, f"{name} may have {new} characters at most now{was}.", effect)


def _equality(part: str, name: str, new: Sequence[str]) -> Difference:
    if not new:
        return Difference(part, f"{name} need not be the same as for the end user any more.", "less")
    fields = _listed(one.replace("_", " ") for one in new)
    return Difference(part, f"{name} must be exactly the end user's {fields} now.", "more")


def _arrangement(before: Requirements, after: Requirements) -> Iterator[Difference]:
    """Which documents go together, where that is otherwise for more reasons than a document more or less."""
    kept = {need.requirement_name for need in before.needs} & {need.requirement_name for need in after.needs}
    old, new = _sets(before, kept), _sets(after, kept)
    if old == new:
        return
    if len(after.alternatives) < 2:
        words = "All of these documents are needed together now. Before, one of several sets was enough."
        yield Difference("Documents", words, "more")
    elif len(before.alternatives) < 2:
        count = len(after.alternatives)
        yield Difference("Documents", f"Any one of {count} sets of documents is enough now.", "less")
    else:
        yield Difference("Documents", "The documents that go together are others now: any one set is enough.")


def _sets(requirements: Requirements, kept: set[str]) -> set[frozenset[str]]:
    groups = (
        {need.requirement_name for need in alternative} & kept for alternative in requirements.alternatives
    )
    return {frozenset(group) for group in groups if group}


def _all_needs(requirements: Requirements) -> list[DocumentNeed]:
    """Every requirement once, and again where another alternative means something else by the same name."""
    found: list[DocumentNeed] = []
    for need in (need for group in requirements.alternatives for need in group):
        if need not in found:
            found.append(need)
    return found


def _pairs(
    before: Iterable[T], after: Iterable[T], name: Callable[[T], str]
) -> Iterator[tuple[T | None, T | None]]:
    """What has the same name on both sides, in the new order, and what has left at the end.

    Where a name stands more than once, the first belongs to the first.
    """
    old, new = _numbered(before, name), _numbered(after, name)
    for key, item in new.items():
        yield old.get(key), item
    for key, item in old.items():
        if key not in new:
            yield item, None


def _numbered(items: Iterable[T], name: Callable[[T], str]) -> dict[tuple[str, int], T]:
    found: dict[tuple[str, int], T] = {}
    for item in items:
        count = 0
        while (name(item), count) in found:
            count += 1
        found[name(item), count] = item
    return found


def _renamed(part: str, old: str, new: str) -> Iterator[Difference]:
    if old != new:
        yield Difference(part, f"{old} is called {new} now.")


def _months(count: int | None) -> str:
    return "1 month" if count == 1 else f"{count} months"


def _by(papers: str) -> str:
    return f", by {papers}" if papers else ""


def _listed(words: Iterable[str], last: str = "and") -> str:
    found = list(words)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"
