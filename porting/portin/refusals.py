"""Twilio's refusals of a port-in request: which field each is about.

A refusal has the code 400, which is no code, and says in words what is wrong with which property, several at
once: `losingCarrierInformation.customerName: must not be blank, targetPortInDate: must be …` (page 15).
"""

import re

from portal.models import Operation
from portal.twilio.errors import Rejected, TwilioFailure

# One property and what is said of it, up to the next property.
_SAID = re.compile(r"([a-zA-Z][\w.\[\]]*):\s+(.*?)(?=,\s+[a-z][\w.\[\]]*:\s|$)", re.DOTALL)
_FIELDS = {
    "documents": "bill",
    "target_port_in_date": "target_date",
    "target_port_in_time_range_start": "window_start",
    "target_port_in_time_range_end": "window_end",
    "address": "street",
    "phone_numbers": "numbers",
}
_BY_CODE = {
    22170: ("bundle_sid", "The bundle is not approved. Choose an approved one, or none."),
    22172: ("numbers", "The numbers are of several countries. File one request for each country."),
    22173: ("address_sid", "Twilio does not have this address. Choose another, or type it."),
}


def problems_of(failure: TwilioFailure) -> dict[str, str]:
    """What is wrong with which value of the draft; "" for what is about none of them."""
    if found := _BY_CODE.get(failure.code or 0):
        return {found[0]: found[1]}
    if "invalid documents" in failure.words.lower():
        return {"bill": "Twilio did not take the bill. Upload it again."}
    problems: dict[str, str] = {}
    for path, words in _SAID.findall(failure.words):
        name = field_of(path)
        said = f"{words.strip().rstrip('.,')}"
        problems[name] = f"{problems[name]}, {said}" if name in problems else said
    return problems or {"": failure.words}


def field_of(path: str) -> str:
    """`losingCarrierInformation.customerName` as `customer_name`."""
    bare = re.sub(r"\[\d+\]", "", path).removeprefix("losingCarrierInformation.")
    snake = re.sub(r"(?<!^)([A-Z])", lambda found: f"_{found[1].lower()}", bare)
    if snake.startswith("phone_numbers."):
        return "pins" if snake.endswith("pin") else "numbers"
    snake = snake.removeprefix("address.")
    return _FIELDS.get(snake, snake)


def failure_of(filing: Operation) -> Rejected:
    """What Twilio said, as far as it was kept."""
    return Rejected(filing.words, code=filing.code, request_id=filing.request_id)


def sentence_of(filing: Operation, *, is_closed: bool) -> str:
    """Why a filing came to nothing. `is_closed`: Twilio keeps the account out of its Porting API."""
    if is_closed:
        return (
            "Twilio does not let this account port numbers over its API. Ask Twilio Support to open the "
            "Porting API for it; the draft is kept."
        )
    told = problems_of(failure_of(filing)).get("", "")
    if filing.code or filing.request_id:
        told = f"Twilio refused the request: {told}" if told else "Twilio refused the request."
    return f"{told} Nothing was filed, and everything you entered is kept."
