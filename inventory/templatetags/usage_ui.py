from django import template
from django.template.defaultfilters import date as format_date
from django.utils.safestring import SafeString

from inventory.models import UsagePeriod
from inventory.usage.labels import ACTIVITIES, REASONS
from portal.labels import Label, label_for
from portal.templatetags.portal_ui import badge

register = template.Library()


@register.simple_tag
def activity_badge(state: str) -> SafeString:
    """What the last month makes of a number: a word, a tone and a shape."""
    return badge(label_for(ACTIVITIES, state))


@register.simple_tag
def activity_reason(state: str) -> str:
    return REASONS.get(state, "")


@register.simple_tag
def activity_states() -> list[tuple[Label, str]]:
    """Every state of use with the sentence that explains it."""
    return [(label, REASONS[state]) for state, label in ACTIVITIES.items()]


@register.simple_tag
def month(period: UsagePeriod) -> str:
    """`22 Oct – 21 Nov 2026`."""
    return f"{format_date(period.first_day, 'j M')} – {format_date(period.last_day, 'j M Y')}"
