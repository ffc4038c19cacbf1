"""What pages say of a number's standing, with the dates and names of its bundle."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.template.defaultfilters import date as format_date

from compliance.models import Bundle
from compliance.standing import REVIEW_DAYS, Mapped
from inventory.addresses.fit import fit_of
from inventory.addresses.formats import in_words
from portal.numbering import country_name, type_name

_Sentence = Callable[[Mapped, Bundle | None], str]


def kind_words(country: str, number_type: str) -> str:
    """`Germany, local`."""
    return f"{country_name(country) if country else 'Country not known'}, {_type_words(number_type)}"


def numbers_words(country: str, number_type: str) -> str:
    """`local numbers of Germany`."""
    kind = f"{_type_words(number_type)} numbers" if number_type else "numbers"
    return f"{kind} of {in_words(country)}" if country else f"{kind} of a country that is not known"


def sentence_of(reason: str, mapped: Mapped, bundle: Bundle | None) -> str:
    """Why a number stands as it does."""
    if reason in _SENTENCES:
        return _SENTENCES[reason](mapped, bundle)
    return fit_of(
        requirement=mapped.requirement,
        country=mapped.country,
        account_sid=mapped.account_sid,
        address_sid=mapped.address_sid,
        address=mapped.address,
    ).words


def _type_words(number_type: str) -> str:
    """`local`, and `VoIP` as it is."""
    kind = type_name(number_type) if number_type else "type not known"
    return f"{kind[:1].lower()}{kind[1:]}" if kind[1:].islower() else kind


def _numbers(mapped: Mapped) -> str:
    return numbers_words(mapped.country, mapped.number_type)


def _day(moment: datetime | None) -> str:
    return format_date(moment, "j M Y") if moment else ""


def _since(word: str, bundle: Bundle | None) -> str:
    return f" {word} {_day(bundle.status_since)}" if bundle and bundle.status_since else ""


def _mismatch(mapped: Mapped, _: Bundle | None) -> str:
    regulation = mapped.regulation
    what = numbers_words(regulation.iso_country, regulation.number_type) if regulation else "other numbers"
    return f"Its bundle is for {what}, not for {_numbers(mapped)}."


def _approved(mapped: Mapped, bundle: Bundle | None) -> str:
    until = f" until {_day(bundle.valid_until)}" if bundle and bundle.valid_until else ""
    fits = ", and its address fits" if mapped.requirement not in ("", "none") else ""
    return f"Its bundle is approved for {_numbers(mapped)}{until}{fits}."


# Those about an address are the address's own.
_SENTENCES: Mapping[str, _Sentence] = {
    "no-bundle": lambda m, _: f"No bundle is set, and Twilio asks for one with {_numbers(m)}.",
    "bundle-gone": lambda m, _: "Twilio no longer has its bundle.",
    "bundle-elsewhere": lambda m, _: "Its bundle belongs to another account.",
    "bundle-mismatch": _mismatch,
    "bundle-rejected": lambda _, b: f"Its bundle was rejected{_since('on', b)}.",
    "bundle-draft": lambda m, _: "Its bundle is a draft that was not submitted.",
    "bundle-expired": lambda _, b: f"Its bundle was valid until {_day(b.valid_until if b else None)}.",
    "bundle-unread": lambda m, _: "Its bundle has not been read from Twilio yet.",
    "regulation-unread": lambda m, _: "The regulation of its bundle has not been read from Twilio yet.",
    "bundle-status-unknown": lambda _, b: (
        f"Its bundle has the status “{b.status if b else ''}”, which Twilio does not explain."
    ),
    "type-unknown": lambda m, _: (
        f"Twilio names no regulation for {_numbers(m)}, and nowhere says what it asks for with them."
    ),
    "bundle-in-review": lambda _, b: f"Twilio is reviewing its bundle{_since('since', b)}.",
    "mapping-changed": lambda m, _: (
        f"Its bundle or address was changed on {_day(m.changed_at)}. Twilio reviews that, for up to "
        f"{REVIEW_DAYS} business days."
    ),
    "bundle-provisional": lambda m, _: "Its bundle is provisionally approved.",
    "bundle-approved": _approved,
    "address-only": lambda m, _: "Twilio asks for an address alone, and the one that is set fits.",
    "nothing-asked": lambda m, _: f"Twilio lists no regulation for {_numbers(m)} and asks for no address.",
}
