"""What is answered to a change of one object that was not made. For the views of all of compliance."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse

from portal.forms import OnceForm
from portal.http import StaffRequest, go
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import TwilioFailure, Uncertain


def not_made(
    request: StaffRequest,
    fault: Exception,
    form: OnceForm,
    context: dict[str, Any],
    *,
    row: Model,
    noun: str,
    sentence_of: Callable[[TwilioFailure], str],
    field_of: Callable[[TwilioFailure], str | None] = lambda failure: None,
) -> HttpResponse | None:
    """The page to go to, or None when the form is to be shown again: it says why, and can be sent again.

    Raises a fault that is none of Twilio's and of operations.
    """
    match fault:
        case AlreadySent():
            messages.info(request, fault.outcome)
            return go(request, row)
        case AlreadyUnderWay():
            form.renew()
            form.add_error(None, f"Another change of this {noun} has not ended yet. Wait until it has.")
        case Uncertain():
            messages.warning(request, sentence_of(fault))
            return go(request, row)
        case TwilioFailure():
            show_refusal(fault, form, context, sentence_of(fault), field_of(fault))
        case _:
            raise fault
    return None


def show_refusal(
    failure: TwilioFailure, form: OnceForm, context: dict[str, Any], words: str, field: str | None = None
) -> None:
    """Say it beside the field it is about, with Twilio's code above the form."""
    form.renew()
    form.add_error(field, words)
    context["failure"] = failure
