"""The webhook inbox: what Twilio told us, whether it was Twilio, and what came of it (N4)."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.access import Permission, allowed
from portal.filtering import applied, chips_of
from portal.http import StaffRequest, go, page
from portal.labels import DELIVERY_KINDS, DELIVERY_STATES, DELIVERY_VERDICTS, Label, label_for
from portal.listing import Sort, list_page
from portal.models import Change, Delivery, DeliveryQuerySet
from portal.reveal import reveals
from portal.reveal.reveals import MaskedCell, Subject
from portal.reveal.views import private, reveal
from portal.shell import visible_accounts
from portal.templatetags.portal_ui import page_of
from portal.timeline import Event, change_event, timeline
from portal.webhooks import processing
from portal.webhooks.filters import DeliveryFilter

SORTS = (Sort("received", "Received", ("received_at", "id"), starts_descending=True),)
FILTERS = ("state", "verdict", "kind", "since", "account")
TITLES = {processing.REPLAY: "Replayed"}
_MASK = "••••"
# Of other properties it is told that they changed, not from what to what.
_OPEN_PROPERTIES = frozenset({"status", "valid_until"})


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery as the inbox shows it."""

    delivery: Delivery
    kind: str
    verdict: Label
    state: Label

    @property
    def name(self) -> str:
        """What it told, in Twilio's word for it."""
        status = self.delivery.said.get("status")
        return f"{self.kind}: {status}" if status else self.kind

    @property
    def details(self) -> list[tuple[str, str]]:
        """What else it told."""
        return [(name, value) for name, value in self.delivery.said.items() if name != "status"]

    @property
    def effect(self) -> str:
        """What came of it, in a line."""
        delivery = self.delivery
        if delivery.state != Delivery.State.DONE:
            return delivery.error
        changed = {
            name.replace("_", " "): True for change in delivery.changes.all() for name in change.fields
        }
        return f"Changed: {', '.join(changed)}" if changed else delivery.effect or "Nothing new"


@require_GET
@allowed(Permission.VIEW_SYNC)
def delivery_list(request: StaffRequest) -> HttpResponse:
    filter_ = DeliveryFilter(request.GET, queryset=_visible(request), accounts=visible_accounts(request))
    told = Prefetch("changes", Change.objects.only("delivery", "fields").order_by("at"))
    rows = filter_.qs.select_related("account").defer("body", "headers", "account__payload")
    listing = list_page(request, rows.prefetch_related(told), sorts=SORTS, default_sort="-received")
    listing.chips = chips_of(filter_, request.GET)
    context = {
        "list": listing,
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "lines": [_line(delivery) for delivery in listing.rows],
    }
    return page(request, "portal/delivery_list.html", context, fragment="deliveries")


@require_GET
@allowed(Permission.VIEW_SYNC)
def delivery_detail(request: StaffRequest, delivery_id: int) -> HttpResponse:
    delivery = _delivery(request, delivery_id)
    body = _body_cell(request, delivery)
    context = {
        "delivery": delivery,
        "line": _line(delivery),
        "object_url": page_of(delivery.target),
        "effect": _effect(delivery),
        "headers": delivery.headers.items(),
        "body": body,
        "history": timeline(
            processing.audit_target(delivery), kinds=TITLES, properties={}, with_reveals=True
        ),
        "can_replay": delivery.is_replayable
        and request.access.can(Permission.REFRESH, delivery.account_id or ""),
    }
    answer = page(request, "portal/delivery_detail.html", context, fragment="delivery")
    return private(answer) if body and body.until else answer


@require_POST
@allowed(Permission.REFRESH)
def delivery_replay(request: StaffRequest, delivery_id: int) -> HttpResponse:
    """Read the object of the delivery from Twilio once more."""
    delivery = _delivery(request, delivery_id)
    request.access.require(Permission.REFRESH, delivery.account_id or "")
    if not delivery.is_replayable:
        messages.info(request, "There is nothing to replay: its object was never looked for.")
    elif processing.replay(delivery, actor=request.user):
        messages.success(request, "Its object is read from Twilio again.")
    else:
        messages.info(request, "It is being worked on already.")
    return go(request, "delivery-detail", delivery.pk)


@require_http_methods(["GET", "POST"])
@allowed(Permission.READ_CALLBACKS)
def delivery_body(request: StaffRequest, delivery_id: int) -> HttpResponse:
    """The body as it came, for a stated reason."""
    delivery = _delivery(request, delivery_id)
    subject = _body_of(delivery)
    if subject is None:
        raise Http404
    request.access.require(Permission.READ_CALLBACKS, subject.account.pk)
    return reveal(request, subject)


def _body_of(delivery: Delivery) -> Subject | None:
    """The body as a value that lies masked; None for a callback that was refused, for it was not kept."""
    if not delivery.is_verified or delivery.account is None:
        return None
    return Subject(
        account=delivery.account,
        target=processing.audit_target(delivery),
        field="body",
        label="the body of the callback",
        url=reverse("delivery-body", args=[delivery.pk]),
        page_url=reverse("delivery-detail", args=[delivery.pk]),
        read=lambda: delivery.body,
        hint=_MASK,
    )


def _body_cell(request: StaffRequest, delivery: Delivery) -> MaskedCell | None:
    subject = _body_of(delivery)
    if subject is None:
        return None
    can_reveal = all(
        request.access.can(permission, subject.account.pk)
        for permission in (Permission.READ_CALLBACKS, Permission.REVEAL_PERSONAL)
    )
    running = reveals.running(request.user, subject.target) if can_reveal else {}
    return reveals.cell_of(subject, can_reveal=can_reveal, running=running)


def _effect(delivery: Delivery) -> list[Event]:
    """What was found changed when its object was read."""
    changes = Change.objects.filter(delivery=delivery).order_by("at")[:50]
    return [
        change_event(change, properties={}, personal=change.fields.keys() - _OPEN_PROPERTIES)
        for change in changes
    ]


def _line(delivery: Delivery) -> Line:
    return Line(
        delivery,
        DELIVERY_KINDS.get(delivery.kind, delivery.kind),
        label_for(DELIVERY_VERDICTS, delivery.verdict),
        label_for(DELIVERY_STATES, delivery.state),
    )


def _visible(request: StaffRequest) -> DeliveryQuerySet:
    """Those of a person's accounts; whose account nobody knows is for people with all accounts."""
    return request.access.visible(Delivery.objects.all(), permission=Permission.VIEW_SYNC)


def _delivery(request: StaffRequest, delivery_id: int) -> Delivery:
    rows = _visible(request).select_related("account").defer("body", "account__payload")
    return get_object_or_404(rows, pk=delivery_id)
