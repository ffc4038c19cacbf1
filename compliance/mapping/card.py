"""Why a number stands as it does: one sentence, and what to do next (K5). For the number's page."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from compliance.labels import BUNDLE_STATES
from compliance.mapping.offers import regulation_of
from compliance.mapping.words import sentence_of
from compliance.models import Bundle, Regulation
from compliance.standing import (
    ASK_TWILIO,
    ASSIGN_ADDRESS,
    ASSIGN_BUNDLE,
    FIX_BUNDLE,
    REASONS,
    RENEW_BUNDLE,
    STANDINGS,
    SUBMIT_BUNDLE,
    Mapped,
    reason_of,
)
from inventory.models import PhoneNumber
from inventory.querysets import PhoneNumberQuerySet
from portal.access import Access, Permission
from portal.labels import Label, label_for
from portal.models import Change

_BUNDLE_PAGE = "compliance:bundle-detail"


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next, and where; no URL where nothing is to be pressed."""

    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    reason: str
    sentence: str
    steps: tuple[Step, ...]
    bundle: Bundle | None
    bundle_url: str
    can_assign: bool

    @property
    def label(self) -> Label:
        return STANDINGS[REASONS[self.reason].standing]

    @property
    def bundle_label(self) -> Label:
        assert self.bundle
        return label_for(BUNDLE_STATES, self.bundle.status)


def with_rules(rows: PhoneNumberQuerySet) -> PhoneNumberQuerySet:
    """Numbers with what `card_of` asks of regulations and of the past, in the query that reads them."""
    in_force = Regulation.objects.in_force().filter(number_type=OuterRef("number_type"))
    changes = Change.objects.filter(
        Q(fields__has_key="bundle_sid") | Q(fields__has_key="address_sid"), target=OuterRef("sid")
    )
    annotated: PhoneNumberQuerySet = rows.annotate(
        is_group_regulated=Exists(in_force.filter(iso_country=OuterRef("country"))),
        is_type_regulated=Exists(in_force),
        mapping_changed_at=Subquery(changes.order_by("-at").values("at")[:1]),
    )
    return annotated


def card_of(number: PhoneNumber, access: Access) -> Card:
    """The card of a number that came `with_rules`. One query, none for a number without a bundle."""
    bundle = None
    if number.bundle_sid:
        bundle = Bundle.objects.select_related("regulation").filter(pk=number.bundle_sid).first()
    mapped = mapped_of(number, bundle)
    reason = reason_of(mapped, timezone.now())
    can_assign = access.can(Permission.ASSIGN_BUNDLES, number.account_id) and not number.missing_since
    return Card(
        reason=reason,
        sentence=sentence_of(reason, mapped, bundle),
        steps=_steps(reason, number, access, can_assign),
        bundle=bundle,
        bundle_url=url_of(_BUNDLE_PAGE, bundle.pk) if bundle else "",
        can_assign=can_assign,
    )


def mapped_of(number: PhoneNumber, bundle: Bundle | None) -> Mapped:
    """What the rule looks at. The number came `with_rules`, and its bundle with its regulation."""
    told: Any = number
    is_regulated = True if told.is_group_regulated else None
    if is_regulated is None and number.country and told.is_type_regulated:
        is_regulated = False
    return Mapped(
        account_sid=number.account_id,
        country=number.country,
        number_type=number.number_type,
        requirement=number.address_requirements,
        is_regulated=is_regulated,
        bundle_sid=number.bundle_sid,
        bundle=bundle,
        regulation=regulation_of(bundle),
        address_sid=number.address_id,
        address=number.address if number.address_id else None,
        changed_at=told.mapping_changed_at,
    )


def url_of(name: str, *args: str, **params: str) -> str:
    """The URL of a page of another feature; "" while there is none."""
    try:
        url = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    return f"{url}?{urlencode(params)}" if params else url


def _steps(reason: str, number: PhoneNumber, access: Access, can_assign: bool) -> tuple[Step, ...]:
    step = REASONS[reason].step
    assign = Step("Assign bundle", reverse("compliance:number-assign", args=[number.pk]))
    can_manage = access.can(Permission.MANAGE_BUNDLES, number.account_id)
    bundle_page = url_of(_BUNDLE_PAGE, number.bundle_sid) if number.bundle_sid else ""
    if step in (FIX_BUNDLE, SUBMIT_BUNDLE, RENEW_BUNDLE):
        words = {
            FIX_BUNDLE: "Fix the bundle",
            SUBMIT_BUNDLE: "Finish and submit the bundle",
            RENEW_BUNDLE: "Update the bundle",
        }[step]
        own = (Step(words, bundle_page),) if bundle_page and can_manage else ()
        return (*own, Step("Assign another bundle", assign.url)) if can_assign else own
    if step == ASSIGN_BUNDLE and can_assign:
        return (assign,)
    if step == ASSIGN_ADDRESS and can_assign:
        return (Step("Assign address", assign.url),)
    if step == ASK_TWILIO:
        return (Step("Ask Twilio support what it wants with such numbers."),)
    return ()
