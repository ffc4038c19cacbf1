"""Small parts of the pages about signing in. `{% load people_ui %}`"""

import re

from django import template

from portal.access import PERMISSION_WORDS, ROLES
from portal.models import Role

register = template.Library()

# The first that matches counts: Chrome calls itself Safari, and Edge calls itself both.
_BROWSERS = (
    (r"Edg(?:e|A|iOS)?/(\d+)", "Edge"),
    (r"OPR/(\d+)", "Opera"),
    (r"(?:Firefox|FxiOS)/(\d+)", "Firefox"),
    (r"(?:Chrome|CriOS)/(\d+)", "Chrome"),
    (r"Version/(\d+).*Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser(user_agent: str) -> str:
    """`Firefox 130 on Windows`; what the browser said of itself when that is not known."""
    found = [(name, match[1]) for pattern, name in _BROWSERS if (match := re.search(pattern, user_agent))]
    if not found:
        return user_agent or "Not known"
    name, version = found[0]
    system = next((words for sign, words in _SYSTEMS if sign in user_agent), "")
    return f"{name} {version} on {system}" if system else f"{name} {version}"


@register.filter
def in_fours(secret: str) -> str:
    """`ABCD EFGH IJ`: easier to type from a screen, and apps take the spaces."""
    return " ".join(re.findall(".{1,4}", secret))


@register.inclusion_tag("portal/_role_table.html")
def role_table() -> dict[str, object]:
    """What each role may do, from the permissions themselves."""
    lines = [
        (words, [permission in ROLES[role] for role in Role])
        for permission, words in PERMISSION_WORDS.items()
    ]
    return {"roles": Role.labels, "lines": lines}
