from collections.abc import Mapping
from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from compliance.standing import REASONS, STANDINGS
from inventory import labels
from inventory.bulk.change import words
from inventory.configuration import Route
from inventory.models import PhoneNumber
from inventory.pricing import PriceList
from portal.numbering import spaced
from portal.templatetags.portal_ui import badge

register = template.Library()


@register.filter
def price_in(number: PhoneNumber, prices: PriceList) -> str:
    """The monthly price of a number, or a dash. `{{ number|price_in:prices }}`"""
    return str(prices.of(number.account_id, number.country, number.number_type) or "–")


@register.simple_tag
def capabilities(number: PhoneNumber) -> SafeString:
    """A letter for each thing a number can do, struck out if it cannot; words for those who hear them."""
    return _letters(tuple(getattr(number, name) for name in labels.CAPABILITIES))


@lru_cache
def _letters(able: tuple[bool, ...]) -> SafeString:
    words = list(labels.CAPABILITIES.values())
    letters = format_html_join(
        "",
        '<span{} aria-hidden="true" title="{}{}">{}</span>',
        (
            ("" if can else SafeString(' class="is-not"'), word, "" if can else ": no", word[0])
            for word, can in zip(words, able, strict=True)
        ),
    )
    yes = [word for word, can in zip(words, able, strict=True) if can]
    no = [word for word, can in zip(words, able, strict=True) if not can]
    spoken = ", ".join(yes or ["nothing"]) + (f"; not {', '.join(no)}" if no else "")
    return format_html('<span class="caps">{}</span><span class="unseen">{}</span>', letters, spoken)


@register.simple_tag
def matched_number(parts: tuple[str, str, str]) -> SafeString:
    """A number for sale in digits, with what the pattern found in it marked."""
    before, found, after = parts
    if not found:
        return format_html("{}", spaced(before))
    return format_html("{}<mark>{}</mark>{}", before, found, after)


@register.simple_tag
def route_cell(route: Route) -> SafeString:
    """What answers, short enough for a cell of a table."""
    if route.kind == "none":
        return format_html('<span class="badge badge--bad">{}</span>', route.words)
    return format_html('<span class="cell-clip" title="{}">{}</span>', route.target, route.words)


@register.simple_tag
def standing_cell(sid: str, reasons: Mapping[str, str]) -> SafeString:
    """How a number stands with regulations, and why where somebody has to do something about it."""
    code = reasons.get(sid)
    if code is None:
        return SafeString("–")
    reason = REASONS[code]
    label = badge(STANDINGS[reason.standing])
    return format_html('{}<span class="sub">{}</span>', label, reason.title) if reason.step else label


register.filter("change_words", words)
