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
