"""Small parts of pages that two or more templates draw. Loaded everywhere."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.template.defaultfilters import date as format_date
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.access import Permission
from portal.labels import BATCH_KINDS, Label
from portal.listing import ListPage, Sort
from portal.models import BatchItem
from portal.money import Money
from portal.numbering import country_name, national, spaced, type_name

register = template.Library()

register.filter("country_name", country_name)
register.filter("type_name", type_name)
register.filter("spaced", spaced)
register.filter("national", national)


@register.simple_tag
def badge(label: Label) -> SafeString:
    """A state: its word, and its tone as colour and shape. `{% badge number.status_label %}`"""
    return format_html('<span class="badge badge--{}">{}</span>', label.tone, label.word)


@register.simple_tag
def copyable(text: str, shown: str = "", kind: str = "value") -> SafeString:
    """A text with a button that copies it whole. `{% copyable number.sid kind="SID" %}`"""
    if not text:
        return SafeString("–")
    return format_html(
        '<span class="copyable"><span>{}</span>{}</span>', shown or text, copy_button(text, kind)
    )


@register.simple_tag
def copy_button(text: str, kind: str) -> SafeString:
    return format_html(
        '<button type="button" class="copyable__button" data-copy="{}" aria-label="Copy {} {}" title="Copy">'
        "{}</button>",
        text,
        kind,
        text,
        _COPY_ICON,
    )


_COPY_ICON = SafeString(
    '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M5 2.5h7.5V11M3.5 5H10v8.5H3.5z"/></svg>'
)


@register.simple_tag
def sid(value: str | None) -> SafeString:
    """A SID, shortened in the middle and copied whole."""
    if not value:
        return SafeString("–")
    return format_html('<span class="sid">{}</span>', copyable(value, f"{value[:6]}…{value[-4:]}", "SID"))


@register.simple_tag
def ago(moment: datetime | None, never: str = "never") -> SafeString:
    """`3 min ago`, or a date when that is long ago; the exact time on hover and for machines."""
    if not moment:
        return format_html("{}", never)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), distance(moment)
    )


@register.filter
def exact(moment: datetime | None) -> str:
    """`21 Nov 2026, 14:02 UTC`."""
    return (
        format_date(timezone.localtime(moment, timezone.get_default_timezone()), "j M Y, H:i") + " UTC"
        if moment
        else ""
    )


_LONG_AGO = timedelta(days=60)  # then a date says more than a count of days


@register.filter
def distance(moment: datetime) -> str:
    """`3 min ago`, `12 days ago`, and then `22 Nov 2023`."""
    if timezone.now() - moment >= _LONG_AGO:
        return format_date(timezone.localtime(moment, timezone.get_default_timezone()), "j M Y")
    seconds = int((timezone.now() - moment).total_seconds())
    for size, unit in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= size:
            count = seconds // size
            plural = "s" if unit == "day" and count > 1 else ""
            return f"{count} {unit}{plural} ago"
    return "just now" if seconds < 10 else f"{seconds} s ago"


@register.inclusion_tag("components/_sort_header.html")
def sort_header(
    listing: ListPage, title: str, sort_name: str = "", figure: bool = False, target: str = "numbers"
) -> dict[str, Any]:
    """A column head; a link when the list can be sorted by it (UX-2). `target` is the list's partial."""
    sort: Sort | None = next((sort for sort in listing.sorts if sort.name == sort_name), None)
    current = sort is not None and listing.order.sort == sort
    direction = ("descending" if listing.order.descending else "ascending") if current else ""
    url = listing.sort_url(sort) if sort else ""
    return {"title": title, "url": url, "direction": direction, "figure": figure, "target": target}


@register.simple_tag
def list_url(listing: ListPage, **changes: str) -> str:
    return listing.url(**changes)


@register.inclusion_tag("components/_freshness.html", takes_context=True)
def freshness_line(
    context: template.Context, freshness: Any, account: Any = None, refresh_url: str = ""
) -> dict[str, Any]:
    """When the data was read, whether that is too old, and Refresh now (UX-39, UX-40).

    It reads the whole resource; one object's own `refresh_url` reads that object alone.
    """
    shell, request = context["shell"], context["request"]
    return {
        "freshness": freshness,
        "can_refresh": shell.access.can(Permission.REFRESH, account.pk if account else None),
        "shell": shell,
        "request": request,
        "refresh_url": refresh_url or reverse("sync-refresh", args=[freshness.resource]),
        "is_one": bool(refresh_url),
    }


@register.filter
def thousands(value: int | str | None) -> str:
    """`2,412`; nothing for nothing."""
    return f"{value:,}" if isinstance(value, int) else ""


@register.simple_tag
def money(amount: Decimal, currency: str) -> str:
    """`$1,027.00`."""
    return str(Money(amount, currency))


@register.filter
def percent_of(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


@register.filter
def duration(length: timedelta) -> str:
    """`15 min`, `24 h`."""
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes} min"


@register.simple_tag
def bar(share: float) -> SafeString:
    """A bar of a length between nothing and all. Decoration: the figure stands beside it."""
    width = max(0.5, min(100.0, share * 100))
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="8"/></svg>',
        f"{width:.1f}",
    )


# Objects that have a page, by the prefix of their SIDs.
_PAGES = {
    "PN": "inventory:number-detail",
    "AD": "inventory:address-detail",
    "BU": "compliance:bundle-detail",
    "IT": "compliance:end-user-detail",
    "RD": "compliance:document-detail",
    "HR": "porting:hosted-order-detail",
    "PX": "porting:authorization-detail",
    "KW": "porting:port-in-detail",
    "RN": "compliance:regulation-detail",
}


def page_of(sid: str) -> str:
    """The URL of the object's page; "" when it has none."""
    view = _PAGES.get(sid[:2])
    return reverse(view, args=[sid]) if view else ""


@register.filter
def batch_kind(kind: str) -> str:
    """What a batch of this kind does."""
    return BATCH_KINDS.get(kind, kind)


@register.simple_tag
def batch_item_link(item: BatchItem) -> SafeString:
    """The object of an item, as a link where it has a page."""
    name = spaced(item.name) if item.name.startswith("+") else item.name or item.target
    url = page_of(item.result or item.target)
    link = format_html('<a href="{}">{}</a>', url, name) if url else name
    return format_html('<span class="tn nowrap">{}</span>', link)
