"""Small parts of compliance's pages."""

from typing import Any

from django import template
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString

from compliance.documents.words import type_words
from compliance.labels import (
    BUNDLE_STATES,
    DOCUMENT_STATES,
    EVALUATION_STATES,
    end_user_type_name,
)
from compliance.models import Bundle, Evaluation, Regulation, SupportingDocument
from compliance.regulations.words import label_of
from portal.labels import Label, label_for
from portal.numbering import country_name, type_name

register = template.Library()

register.filter("end_user_type", end_user_type_name)
register.filter("document_type", type_words)
register.filter("field_label", label_of)


@register.filter
def regulation_name(regulation: Regulation | None) -> str:
    """`Germany, local, business`: which numbers it is about, and for whom."""
    if regulation is None:
        return "a regulation that is not known"
    kind, who = type_name(regulation.number_type), end_user_type_name(regulation.end_user_type)
    return f"{country_name(regulation.iso_country)}, {kind.lower()}, {who.lower()}"


@register.filter
def bundle_label(bundle: Bundle) -> Label:
    return label_for(BUNDLE_STATES, bundle.status)


@register.filter
def document_label(document: SupportingDocument) -> Label:
    return label_for(DOCUMENT_STATES, document.status)


@register.filter
def evaluation_label(evaluation: Evaluation) -> Label:
    return label_for(EVALUATION_STATES, evaluation.status)


@register.simple_tag
def object_page(item: Any) -> SafeString:
    """An end user or a document by its name, as a link where it has a page."""
    try:
        return format_html('<a href="{}">{}</a>', item.get_absolute_url(), item)
    except NoReverseMatch:
        return format_html("{}", item)


@register.filter
def with_article(type_name: str) -> str:
    """`a business`, `an individual`."""
    words = type_name.lower()
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"
