"""What is there already: items that fit a regulation, what they lack, and items that were entered twice.

Required fields are compared by name in the database; values are decrypted for the few rows that are left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone

from compliance.lint import difference, holder_names
from compliance.models import EndUser, Regulation, SupportingDocument
from compliance.requirements import Accepted, DocumentNeed, EndUserNeed, read_requirements
from compliance.resources import value_fingerprint
from inventory.models import Address
from portal.models import TwilioAccount

# So many of a kind are offered to choose from; whoever has more searches.
MOST_OFFERED = 50
# Of two entries, this share of what the shorter one says must be the same for them to be one.
_SAME_SHARE = 0.75
_MOST_TWINS = 5

_NAMES = ("business_name", "first_name", "last_name")
_REFUSED = (SupportingDocument.Status.REJECTED, SupportingDocument.Status.EXPIRED)


@dataclass(frozen=True, slots=True)
class Match:
    """An item, and what keeps it from being used, as sentences by field; nothing when it fits."""

    item: EndUser | SupportingDocument
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class NeedMatch:
    """One requirement for documents, and those that satisfy it."""

    need: DocumentNeed
    documents: Sequence[Match]

    @property
    def is_met(self) -> bool:
        return any(match.fits for match in self.documents)


@dataclass(frozen=True, slots=True)
class Holder:
    """An end user that could hold a bundle, and what is missing still."""

    end_user: Match
    needs: Sequence[NeedMatch]

    @property
    def missing(self) -> list[DocumentNeed]:
        return [match.need for match in self.needs if not match.is_met]

    @property
    def is_ready(self) -> bool:
        return self.end_user.fits and not self.missing


def matching_end_users(
    need: EndUserNeed, account: TwilioAccount, *, text: str = "", most: int = MOST_OFFERED
) -> list[Match]:
    """End users of the account and of the type asked for; those that fit first, then by name."""
    rows = EndUser.objects.present().filter(account=account, type=need.type)
    if text:
        rows = rows.filter(friendly_name__icontains=text)
    required = list(need.required)
    complete = Case(
        When(field_names__contains=required, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found = rows.order_by(complete, "friendly_name", "sid")[:most]
    matches = [Match(row, need.faults(row.values)) for row in found]
    return sorted(matches, key=lambda match: len(match.faults))


def fitting_end_users(need: EndUserNeed, account: TwilioAccount, *, text: str = "") -> list[EndUser]:
    """Only those that say all that the regulation asks for."""
    return [
        match.item
        for match in matching_end_users(need, account, text=text)
        if match.fits and isinstance(match.item, EndUser)
    ]


def matching_documents(
    need: DocumentNeed,
    account: TwilioAccount,
    *,
    end_user: Mapping[str, Any] | None = None,
    country: str = "",
    most: int = MOST_OFFERED,
) -> list[Match]:
    """Documents of the account of a type that the requirement accepts; those that fit first.

    With the end user's values, a document that says another name does not fit; with the number's country, one
    whose addresses lie elsewhere does not satisfy a requirement for an address inside of it.
    """
    rows = SupportingDocument.objects.present().filter(
        account=account, type__in=[accepted.type for accepted in need.accepted]
    )
    found = list(rows.order_by("-remote_created_at", "sid")[:most])
    addresses = _addresses(found)
    today = timezone.now().date()
    matches = []
    for row in found:
        judged = judge_document(
            row, need, end_user=end_user, country=country, addresses=addresses, today=today
        )
        matches.append(Match(row, {**_other_names(row.values, end_user or {}), **judged.faults}))
    return sorted(matches, key=lambda match: len(match.faults))


def judge_document(
    document: SupportingDocument,
    need: DocumentNeed,
    *,
    end_user: Mapping[str, Any] | None,
    country: str,
    addresses: Mapping[str, Address],
    today: date,
) -> Match:
    """One document before a requirement that accepts its type; `addresses` are those that it may cite.

    Names count where Twilio compares them: what it accepts in a bundle is no fault here.
    """
    accepted = need.accepts(document.type)
    assert accepted is not None
    return Match(document, _document_faults(document, accepted, need, end_user, country, addresses, today))


def fitting_documents(
    need: DocumentNeed,
    account: TwilioAccount,
    *,
    end_user: Mapping[str, Any] | None = None,
    country: str = "",
) -> list[SupportingDocument]:
    """Only those that satisfy the requirement as far as can be told before Twilio evaluates them."""
    matches = matching_documents(need, account, end_user=end_user, country=country)
    return [match.item for match in matches if match.fits and isinstance(match.item, SupportingDocument)]


def fitting_addresses(
    account: TwilioAccount, *, country: str = "", names: Sequence[str] = (), most: int = MOST_OFFERED
) -> QuerySet[Address]:
    """Addresses of the account, of a country if one is named; those in one of the names first."""
    rows = Address.objects.present().filter(account=account)
    if country:
        rows = rows.filter(iso_country=country)
    in_name = Case(
        When(customer_name__in=list(names), then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return rows.order_by(in_name, "customer_name", "sid")[:most]


def holders_for(regulation: Regulation, account: TwilioAccount, *, most: int = 10) -> list[Holder]:
    """Who of the account's end users satisfies a regulation, and what each lacks; the nearest first (F9)."""
    requirements = read_requirements(regulation.payload.get("requirements"))
    found = []
    for who in requirements.end_users:
        for match in matching_end_users(who, account, most=most):
            found.append(_holder(match, requirements.alternatives, account, regulation.iso_country))
    return sorted(found, key=lambda holder: (len(holder.missing), len(holder.end_user.faults)))


def twins_of(
    kind: type[EndUser] | type[SupportingDocument],
    *,
    account: TwilioAccount,
    type: str,
    values: Mapping[str, Any],
    besides: str = "",
) -> list[EndUser | SupportingDocument]:
    """Entries that say the same: of one type and account, with most values shared (F10).

    Addresses and dates alone make nobody the same.
    """
    telling = {
        name: value
        for name, value in values.items()
        if value not in (None, "", [], {}) and not name.endswith(("date", "sids")) and name != "comments"
    }
    sought = {value_fingerprint(name, value) for name, value in telling.items()}
    if not sought:
        return []
    rows = kind.objects.present().filter(account=account, type=type).exclude(pk=besides)
    twins = []
    for row in rows.sharing(sorted(sought)).order_by("friendly_name", "sid")[: 10 * _MOST_TWINS]:
        shared = len(sought & set(row.value_fingerprints))
        shorter = min(len(sought), len([name for name in row.field_names if name in telling]) or 1)
        if shared / shorter >= _SAME_SHARE:
            twins.append((-shared, row))
    return [row for _, row in sorted(twins, key=lambda twin: twin[0])[:_MOST_TWINS]]


def _holder(
    match: Match,
    alternatives: Sequence[Sequence[DocumentNeed]],
    account: TwilioAccount,
    country: str,
) -> Holder:
    """The alternative in which this end user lacks the least."""
    known: dict[str, NeedMatch] = {}
    for need in (need for group in alternatives for need in group):
        if need.requirement_name not in known:
            documents = matching_documents(
                need, account, end_user=match.item.values, country=country, most=20
            )
            known[need.requirement_name] = NeedMatch(need, documents)
    ways = [[known[need.requirement_name] for need in group] for group in alternatives]
    best = min(ways, key=lambda way: sum(not need.is_met for need in way), default=[])
    return Holder(match, best)


def _document_faults(
    row: SupportingDocument,
    accepted: Accepted,
    need: DocumentNeed,
    end_user: Mapping[str, Any] | None,
    country: str,
    addresses: Mapping[str, Address],
    today: date,
) -> dict[str, str]:
    faults = accepted.faults(row.values, end_user)
    if row.status in _REFUSED:
        faults["status"] = f"Twilio has {row.status} it."
    if accepted.takes_file and not row.mime_type:
        faults["file"] = "Its file never reached Twilio."
    if row.expires_on and row.expires_on < today:
        faults["expiration_date"] = "It has expired."
    elif (
        accepted.max_age_months and row.issued_on and _months(row.issued_on, today) >= accepted.max_age_months
    ):
        faults["issue_date"] = f"It is older than {accepted.max_age_months} months."
    if accepted.cites_addresses and "address_sids" not in faults:
        cited = [addresses[sid] for sid in row.address_sids if sid in addresses]
        if not cited:
            faults["address_sids"] = "Twilio no longer has the address that it cites."
        elif need.is_domestic and country and all(address.iso_country != country for address in cited):
            faults["address_sids"] = "Its address is outside of the number's country."
        elif end_user is not None and _must_be_in_name(accepted) and not _in_name(cited, end_user):
            faults["address_sids"] = "Its address is in another name than the end user's."
    return faults


def _other_names(values: Mapping[str, Any], end_user: Mapping[str, Any]) -> dict[str, str]:
    """A paper of somebody else is offered to nobody, whether Twilio compares the names or not."""
    return {
        name: "It is in another name than the end user's."
        for name in _NAMES
        if values.get(name)
        and end_user.get(name)
        and difference(str(end_user[name]), str(values[name])) is not None
    }


def _must_be_in_name(accepted: Accepted) -> bool:
    return any(one.kind == "addresses" and one.equals for one in accepted.fields)


def _in_name(addresses: Sequence[Address], end_user: Mapping[str, Any]) -> bool:
    names = holder_names(end_user)
    return any(difference(name, address.customer_name) is None for address in addresses for name in names)


def _addresses(documents: Sequence[SupportingDocument]) -> dict[str, Address]:
    sids = {sid for document in documents for sid in document.address_sids}
    return {address.pk: address for address in Address.objects.present().filter(pk__in=sids)} if sids else {}


def _months(since: date, until: date) -> int:
    """Whole months between two days."""
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)
