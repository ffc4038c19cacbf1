"""The fifteen next steps of page 10: what each asks of us, and what to write to whom. Pure.

Page 10 lists them in kebab case and shows them in upper case; they are kept in kebab case here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from porting.statuses import normal_status

SUPPORT_MAIL = "HostedSMS@twilio.com"  # page 11
ORDER_STEP = "create-hosted-number-order"


class Kind(StrEnum):
    """What a page offers for the numbers of a step."""

    ORDER = "order"
    EDIT = "edit"  # correct the numbers, and check them again
    RETRY = "retry"  # check the same numbers again
    MANAGE = "manage"  # there is an order for them
    ACCOUNT = "account"  # check them for another account
    SUPPORT = "support"  # a text for Twilio's support
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class NextStep:
    """`what` is what to know and to do; `ask` the request of the text for support; `may_port` whether porting
    the number is a way out."""

    title: str
    kind: Kind
    what: str
    ask: str = ""
    may_port: bool = False


NEXT_STEPS: Mapping[str, NextStep] = {
    ORDER_STEP: NextStep(
        "Eligible", Kind.ORDER, "Twilio can host their messages. Calls stay with the carrier they have."
    ),
    "manage-hosting-order": NextStep(
        "Ordered already", Kind.MANAGE, "There is a hosted number order for each. Go on with that one."
    ),
    "retry-the-eligibility-check": NextStep(
        "Check again", Kind.RETRY, "Twilio's check failed for a reason of its own. Check them once more."
    ),
    "edit-ineligible-number-and-run-eligibility-check-again": NextStep(
        "Correct and check again",
        Kind.EDIT,
        "These are no numbers that can exist, or not in this format. Correct them, and check them again.",
    ),
    "update-hosting-account-sid": NextStep(
        "Another account",
        Kind.ACCOUNT,
        "Twilio does not take the account that was to host them. Check them for another one.",
    ),
    "recover-messaging-capability": NextStep(
        "In Twilio without messaging",
        Kind.SUPPORT,
        "These numbers are Twilio's already, and have no messaging. Support can bring it back.",
        ask="bring back the messaging capability of these numbers",
    ),
    "contact-support-ineligible-carrier": NextStep(
        "The carrier does not allow it",
        Kind.SUPPORT,
        "Their carrier does not let Twilio host messages. Ask support whether that can change, or port them.",
        ask="tell us whether these numbers can be hosted although their carrier does not allow it",
        may_port=True,
    ),
    "contact-support-internal-transfer": NextStep(
        "Owned by another Twilio account",
        Kind.SUPPORT,
        "Another Twilio account has these numbers. With its consent, support moves them.",
        ask="move these numbers to our account; we attach the consent of the account that has them",
    ),
    "contact-support-ineligible-inventory-status": NextStep(
        "In Twilio, not in use",
        Kind.SUPPORT,
        "Twilio holds these numbers in a state that keeps them from being hosted: a number that was released "
        "is free after some days.",
        ask="free these numbers, which Twilio holds without using them, so that they can be hosted",
    ),
    "contact-support-to-manually-host-the-number": NextStep(
        "Hosted by hand",
        Kind.SUPPORT,
        "They can be hosted, but by people at Twilio and not over the API.",
        ask="host the messages of these numbers by hand",
    ),
    "contact-support-missing-provider-data": NextStep(
        "Their carrier is not known",
        Kind.SUPPORT,
        "Twilio does not know who carries these numbers. Support may find out, and host them by hand.",
        ask="look into the carrier of these numbers, and host them if that is possible",
        may_port=True,
    ),
    "contact-support-for-manual-process": NextStep(
        "Support has to look at them",
        Kind.SUPPORT,
        "They may be hosted by hand, once support has validated them.",
        ask="validate these numbers, and host them by hand if that is possible",
    ),
    "contact-support-to-retire-previous-orders": NextStep(
        "Hosted in Twilio already",
        Kind.SUPPORT,
        "Earlier orders host these numbers. Support retires them, and then they can be ordered anew.",
        ask="retire the earlier hosted number orders of these numbers, so that they can be ordered anew",
    ),
    "number-type-cannot-be-hosted": NextStep(
        "Numbers of this type cannot be hosted",
        Kind.NOTHING,
        "Twilio hosts local and toll-free numbers, and no mobile ones (page 11 of its documentation).",
        may_port=True,
    ),
    "none": NextStep(
        "Nothing to do",
        Kind.NOTHING,
        "Twilio names no next step: it hosts numbers of the United States and Canada that have no messaging "
        "with it yet.",
        may_port=True,
    ),
}
# Twilio answered and had nothing to say of these.
NOT_ANSWERED = NextStep("Not answered", Kind.RETRY, "Twilio's answer does not have them. Check them again.")

REASONS: Mapping[str, str] = {
    "eligible-for-hosting": "Eligible",
    "country-not-supported": "Country not supported",
    "number-format-ineligible": "Not in a format that can be hosted",
    "number-type-ineligible": "Type cannot be hosted",
    "numbers-provider-does-not-allow-twilio-to-host-it": "The carrier does not allow it",
    "already-in-twilio-but-not-in-use": "In Twilio, not in use",
    "already-in-twilio-and-in-hosting-process": "An order is under way",
    "already-in-twilio-for-both-capabilities": "In Twilio for calls and messages",
    "already-in-twilio-without-messaging-capability": "In Twilio without messaging",
    "already-in-twilio-owned-by-other-account": "In another Twilio account",
    "internal-processing-error": "Twilio's check failed",
    "invalid-phone-number": "Not a number",
    "hosting-account-sid-does-not-belong-to-your-account": "The account is not one of yours",
    "hosting-account-sid-does-not-exist": "The account does not exist",
    "eligible-for-hosting-by-manual-process": "Only by hand",
    "missing-provider-data": "Carrier not known",
    "already-hosted-in-twilio": "Hosted in Twilio already",
    "support-validation-required-number-without-an-approved-nnid": "No approved NNID",
}


def step_of(value: str) -> NextStep:
    """What a next step asks of us; one that nobody has heard of is shown as it came (UX-59)."""
    if not value:
        return NOT_ANSWERED
    return NEXT_STEPS.get(value) or NextStep(
        value,
        Kind.SUPPORT,
        "Numberdesk does not know this next step.",
        ask=f"tell us about “{value}” for these",
    )


def reason_words(value: str) -> str:
    return REASONS.get(value, value)


def normal_value(text: Any) -> str:
    """`ALREADY_IN_TWILIO` as `already-in-twilio`, in 120 characters at most."""
    return normal_status(text).replace("_", "-")[:120]


def read_result(told: Mapping[str, Any]) -> dict[str, str]:
    """What a result says, by the columns of a row; one that is eligible and names no step can be ordered."""
    status, reason = (
        normal_value(told.get("eligibility_status")),
        normal_value(told.get("ineligibility_reason")),
    )
    step = normal_value(told.get("next_step"))
    if not step and status == "eligible":
        step = ORDER_STEP
    return {
        "status": status[:20],
        "sub_status": normal_value(told.get("eligibility_sub_status"))[:60],
        "reason": "" if reason == "none" else reason,
        "next_step": step or "none",
        "number_type": normal_value(told.get("phone_number_type"))[:30],
    }


def support_text(step: NextStep, *, account_sid: str, request_sid: str, numbers: Sequence[str]) -> str:
    """What to send to support: the request, the account and the numbers, and nothing about people."""
    lines = [
        f"To: {SUPPORT_MAIL}",
        f"Subject: Hosted numbers: {step.title[:1].lower()}{step.title[1:]}",
        "",
        "Hello,",
        "",
        f"the eligibility check {request_sid} of account {account_sid} says “{step.title}”."
        if request_sid
        else f"an eligibility check of account {account_sid} says “{step.title}”.",
        f"We ask you to {step.ask}:",
        "",
        *numbers,
    ]
    return "\n".join(lines)
