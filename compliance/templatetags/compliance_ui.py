"""Small parts of compliance's pages."""

from django import template

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


@register.filter
def with_article(type_name: str) -> str:
    """`a business`, `an individual`."""
    words = type_name.lower()
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"
