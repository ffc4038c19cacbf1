"""Which requests to file for numbers that were checked, and which numbers no request takes (L7). Pure.

A request takes up to 1,000 numbers of one country (page 15, error 22172). Twilio's API ports numbers of the
United States that are not toll-free, and has fields for Japan; for all others somebody asks Twilio by hand.
What has one losing carrier, one type and one need of PINs goes best together: a carrier answers such a
request as a whole.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.numbering import TOLL_FREE

MOST_NUMBERS = 1_000
API_COUNTRIES = ("US", "JP")
# Numbers that Twilio has already: there is nothing to port (page 13)
AT_TWILIO = frozenset({22131, 22132, 22136, 22137})

# Not portable before Twilio knows more of it, which the request says
NEEDS_MORE = 22171


class Why(StrEnum):
    """Why numbers are in no request."""

    AT_TWILIO = "at-twilio"
    TOLL_FREE = "toll-free"
    COUNTRY = "country"
    NOT_PORTABLE = "not-portable"


class By(StrEnum):
    """What numbers of one request have in common, besides their country."""

    TYPE = "type"
    PIN = "pin"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class Checked:
    """A number as Twilio judged it; the carrier is what our list says of it, if anything."""

    number: str
    portable: bool
    country: str
    number_type: str = ""
    needs_pin: bool = False
    code: int | None = None
    carrier: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One request to file. A property that its numbers do not share is empty."""

    country: str
    number_type: str
    carrier: str
    numbers: tuple[str, ...]
    pin_numbers: tuple[str, ...]
    part: int = 1  # of so many
    parts: int = 1

    @property
    def needs_pin(self) -> bool:
        return bool(self.pin_numbers)


@dataclass(frozen=True, slots=True)
class Apart:
    """Numbers for which no request can be filed over the API, for one reason."""

    why: Why
    country: str
    code: int | None
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    proposals: tuple[Proposal, ...]
    apart: tuple[Apart, ...]


def split(
    checked: Iterable[Checked],
    *,
    by: Sequence[By] = tuple(By),
    left_out: Iterable[str] = (),
    most: int = MOST_NUMBERS,
) -> Plan:
    """Propose requests. Every number is in one request or one group apart, but for those left out.

    A number that is there twice counts once, as it was judged last.
    """
    out = set(left_out)
    numbers = {one.number: one for one in checked if one.number not in out}
    together: dict[tuple[str, str, bool, str], list[Checked]] = defaultdict(list)
    apart: dict[tuple[Why, str, int | None], list[str]] = defaultdict(list)
    for one in numbers.values():
        if why := why_apart(one):
            country = "" if why == Why.AT_TWILIO else one.country
            apart[why, country, one.code if why == Why.NOT_PORTABLE else None].append(one.number)
        else:
            together[_key(one, by)].append(one)
    proposals = [proposal for key in sorted(together) for proposal in _proposals(together[key], most)]
    groups = sorted(apart, key=lambda key: (list(Why).index(key[0]), key[1], key[2] or 0))
    return Plan(tuple(proposals), tuple(Apart(*key, tuple(sorted(apart[key]))) for key in groups))


def why_apart(one: Checked) -> Why | None:
    """Why a number goes into no request; None if it goes into one."""
    if one.code in AT_TWILIO:
        return Why.AT_TWILIO
    if one.number_type == TOLL_FREE:
        return Why.TOLL_FREE
    if one.country not in API_COUNTRIES:
        return Why.COUNTRY
    return None if one.portable or one.code == NEEDS_MORE else Why.NOT_PORTABLE


def _key(one: Checked, by: Sequence[By]) -> tuple[str, str, bool, str]:
    return (
        one.country,
        one.number_type if By.TYPE in by else "",
        one.needs_pin if By.PIN in by else False,
        _folded(one.carrier) if By.CARRIER in by else "",
    )


def _proposals(alike: list[Checked], most: int) -> Iterable[Proposal]:
    """As few requests as will do, none larger than it has to be."""
    ordered = sorted(alike, key=lambda one: one.number)
    parts = -(-len(ordered) // most)
    for part in range(parts):
        chunk = ordered[part * len(ordered) // parts : (part + 1) * len(ordered) // parts]
        yield Proposal(
            country=chunk[0].country,
            number_type=_shared([one.number_type for one in chunk]),
            carrier=_shared([one.carrier for one in chunk]),
            numbers=tuple(one.number for one in chunk),
            pin_numbers=tuple(one.number for one in chunk if one.needs_pin),
            part=part + 1,
            parts=parts,
        )


def _shared(values: Sequence[str]) -> str:
    return values[0] if len({_folded(value) for value in values}) == 1 else ""


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
