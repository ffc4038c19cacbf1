"""The `Contains` pattern of AvailablePhoneNumbers (doc pages 20 to 22).

Two to sixteen digits and letters, which stand for their key. `+` in front anchors the pattern at the
start of the number, `$` behind it at the end. In front or behind, `*` is any one digit and `%` any
sequence of them; both take at least two digits or letters. Two of these signs never meet, and none
stands between digits.
"""

import re

from portal.sandbox.errors import refusal

SHAPE = re.compile(r"([+*%]?)([0-9A-Za-z]+)([*%$]?)")
KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")


def compile_pattern(text: str) -> re.Pattern[str]:
    """A pattern to `search` the digits of a number with, country code first and without `+`; or 400 21421."""
    matched = SHAPE.fullmatch(text) if 2 <= len(text) <= 16 else None
    if matched is None:
        raise refusal(21421, "Invalid Pattern Provided")
    head, core, tail = matched.groups()
    has_wildcard = head in ("*", "%") or tail in ("*", "%")
    if has_wildcard and len(core) < 2:
        raise refusal(21421, "Invalid Pattern Provided")
    before = {"+": "^", "*": "[0-9]"}.get(head, "")
    after = {"$": "$", "*": "[0-9]"}.get(tail, "")
    return re.compile(before + core.lower().translate(KEYPAD) + after)
