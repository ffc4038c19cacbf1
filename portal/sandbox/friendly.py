"""A number as Twilio writes it for people."""


def format_number(phone_number: str) -> str:
    """`(808) 925-5327` in North America, E.164 elsewhere: the default of `friendly_name`."""
    if len(phone_number) == 12 and phone_number.startswith("+1"):
        return f"({phone_number[2:5]}) {phone_number[5:8]}-{phone_number[8:]}"
    return phone_number
