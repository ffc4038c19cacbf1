"""The webhook inbox: what Twilio told us, whether it was Twilio, and what came of it (N4)."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.access import Permission, allowed
from portal.filtering import applied, chips_of
from portal.http import StaffRequest, go, page
from portal.labels import DELIVERY_KINDS, DELIVERY_STATES, DELIVERY_VERDICTS, Label, label_for
from portal.listing import Sort, list_page
from portal.models import Change, Delivery, DeliveryQuerySet
from portal.shell import visible_accounts
from portal.templatetags.portal_ui import page_of
from portal.timeline import Event, change_event, timeline
from portal.webhooks import processing
from portal.webhooks.filters import DeliveryFilter
from portal.webhooks.forms import RevealForm

SORTS = (Sort("received", "Received", ("received_at", "id"), starts_descending=True),)
FILTERS = ("state", "verdict", "kind", "since", "account")
TITLES = {processing.REPLAY: "Replayed", processing.REVEAL: "Body read"}
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
    return _show(request, _delivery(request, delivery_id), RevealForm())


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


@never_cache
@require_POST
@allowed(Permission.READ_CALLBACKS)
def delivery_body(request: StaffRequest, delivery_id: int) -> HttpResponse:
    """The page with the body as it came, once the reason is written down."""
    delivery = _delivery(request, delivery_id)
    request.access.require(Permission.READ_CALLBACKS, delivery.account_id or "")
    form = RevealForm(request.POST)
    if not delivery.is_verified or not form.is_valid():
        return _show(request, delivery, form, status=422)
    body = processing.reveal(delivery, actor=request.user, reason=form.cleaned_data["reason"])
    return _show(request, delivery, RevealForm(), body=body)


def _show(
    request: StaffRequest, delivery: Delivery, form: RevealForm, *, body: str = "", status: int = 200
) -> HttpResponse:
    account = delivery.account_id or ""
    context = {
        "delivery": delivery,
        "line": _line(delivery),
        "object_url": page_of(delivery.target),
        "effect": _effect(delivery),
        "headers": delivery.headers.items(),
        "form": form,
        "body": body,
        "history": timeline(processing.audit_target(delivery), kinds=TITLES, properties={}),
        "can_replay": delivery.is_replayable and request.access.can(Permission.REFRESH, account),
        "can_reveal": delivery.is_verified and request.access.can(Permission.READ_CALLBACKS, account),
    }
    return page(request, "portal/delivery_detail.html", context, fragment="delivery", status=status)


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
