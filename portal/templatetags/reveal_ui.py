from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.templatetags.portal_ui import page_of, sid

register = template.Library()


@register.filter
def field_words(field: str) -> str:
    """`business_name` as `Business name`; every file as `File`."""
    return "File" if field.startswith("file ") else field.replace("_", " ").capitalize()


@register.simple_tag
def object_link(target: str) -> SafeString:
    """An object by its shortened SID, as a link where it has a page."""
    url = page_of(target)
    return (
        format_html('<a class="sid" href="{}">{}…{}</a>', url, target[:6], target[-4:])
        if url
        else sid(target)
    )


@register.simple_tag
def named_link(target: str, name: object) -> SafeString:
    """An object by its name, as a link where it has a page."""
    url = page_of(target)
    return format_html('<a href="{}">{}</a>', url, name) if url else format_html("{}", name)


@register.filter
def file_kind(content_type: str) -> str:
    """`application/pdf` as `PDF`; Twilio may also say `pdf` or `image`."""
    return content_type.rpartition("/")[2].upper()


@register.filter
def status_words(status: str) -> str:
    """`twilio-approved` as `approved`."""
    return status.removeprefix("twilio-").replace("-", " ")
