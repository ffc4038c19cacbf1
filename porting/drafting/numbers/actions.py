"""Numbers of a draft: added by the rules of the splitter, moved to another draft, taken out (L7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from portal.access import Access, Permission
from portal.numbering import country_name, country_of, normal_type
from portal.twilio.patience import IN_A_REQUEST
from porting.checking.lookups import check_number
from porting.checking.words import answer_of, request_text
from porting.models import PortInDraft
from porting.portin import drafts
from porting.portin.actions import numbers_under_way
from porting.portin.splitter import Apart, Checked, why_apart

# Twilio is asked about each while somebody waits; more are checked as a list.
MOST_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A number that does not go into the draft, why, and what has it instead."""

    number: str
    words: str
    place: str = ""
    url: str = ""


def add_numbers(*, draft: PortInDraft, numbers: Sequence[str], access: Access) -> list[KeptOut]:
    """Add numbers that Twilio ports over its API; all of them, or none and why.

    Requests of accounts that are out of `access` are not named.
    Raises CannotMove where they would be too many, and Rejected or Unavailable when Twilio cannot be asked.
    """
    kept_out = _elsewhere(draft, numbers, access)
    if kept_out:
        return kept_out
    checked = [_checked(draft, number) for number in numbers]
    if kept_out := [found for one in checked if (found := _judged(one))]:
        return kept_out
    types = {one.number_type for one in checked}
    drafts.add_numbers(
        draft=draft,
        numbers=numbers,
        pin_numbers=[one.number for one in checked if one.needs_pin],
        number_type=types.pop() if len(types) == 1 else "",
    )
    return []


def _elsewhere(draft: PortInDraft, numbers: Sequence[str], access: Access) -> list[KeptOut]:
    """What can be told without Twilio: where the numbers are already, and of which country they are."""
    others = list(
        PortInDraft.objects.open()
        .filter(account=draft.account_id, numbers__overlap=list(numbers))
        .exclude(pk=draft.pk)
        .defer("values", "refusals")
    )
    porting = {row.phone_number: row.request for row in numbers_under_way(numbers)}
    found = []
    for number in numbers:
        other = next((other for other in others if number in other.numbers), None)
        if number in draft.numbers:
            found.append(KeptOut(number, "It is in this request already"))
        elif other:
            url = reverse("porting:draft-numbers", args=[other.pk])
            found.append(KeptOut(number, "Another request that is being prepared has it", str(other), url))
        elif request := porting.get(number):
            words = "It is being ported already (22137)"
            is_seen = access.can(Permission.VIEW, request.account_id)
            place = (str(request), request.get_absolute_url()) if is_seen else ()
            found.append(KeptOut(number, words, *place))
        elif country_of(number) != draft.country:
            words = f"It is not of {country_name(draft.country)}: a request takes numbers of one country"
            found.append(KeptOut(number, words))
    return found


def _checked(draft: PortInDraft, number: str) -> Checked:
    told = check_number(draft.account, number, patience=IN_A_REQUEST)
    return Checked(
        number=number,
        portable=told.portable,
        country=told.country[:2].upper() or country_of(number),
        number_type=normal_type(told.number_type),
        needs_pin=told.needs_pin_and_account,
        code=told.code,
    )


def _judged(one: Checked) -> KeptOut | None:
    why = why_apart(one)
    if why is None:
        return None
    group = Apart(why, one.country, one.code, (one.number,))
    if request_text(group, ""):
        words = "Twilio ports it by hand, and not over its API. A check of the list has a text to send"
        return KeptOut(one.number, words)
    answer = answer_of(
        portable=False, code=one.code, reason="", number_type=one.number_type, country=one.country,
        needs_pin=one.needs_pin,
    )  # fmt: skip
    code = f" ({one.code})" if one.code else ""
    return KeptOut(one.number, f"{answer.word}{code}. {answer.next_step}".rstrip(". "))
