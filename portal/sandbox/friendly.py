"""Phone numbers as text: whether it is one, and how Twilio writes one for people."""

import re

E164 = re.compile(r"\+1\d{10}|\+[2-9]\d{6,14}")


def format_number(phone_number: str) -> str:
    """`(808) 925-5327` in North America, E.164 elsewhere: the default of `friendly_name`."""
    if len(phone_number) == 12 and phone_number.startswith("+1"):
        return f"({phone_number[2:5]}) {phone_number[5:8]}-{phone_number[8:]}"
    return phone_number
