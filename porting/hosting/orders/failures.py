"""Why an order stopped, and what helps: the reasons of page 11 by what they say. Pure."""

from dataclasses import dataclass

from porting.hosting.eligibility.next_steps import SUPPORT_MAIL


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do. `ask` is the request to Twilio's support, "" where support is not what helps."""

    what: str
    ask: str = ""


_REMEDIES = (
    (
        ("letter of authorization", "not signed"),
        Remedy(
            "The letter was not signed in time. Check the signer's e-mail address, and ask support to"
            " put the "
            "order back, so that a new letter can be sent.",
            ask="put the order back to verified, so that we can send a new letter of authorization",
        ),
    ),
    (
        ("maximum number of verification attempts",),
        Remedy(
            "All three calls came to nothing. Find out who answers the number and how to get past its menu, "
            "then ask support for new attempts.",
            ask="allow new verification attempts; we have arranged for the call to be answered",
        ),
    ),
    (
        ("idle in the verification",),
        Remedy(
            "Nobody verified the number for seven days. Arrange the call with its owner first, then "
            "ask support.",
            ask="put the order back, so that the number can be verified",
        ),
    ),
    (
        ("carrier information is unavailable",),
        Remedy(
            "Twilio does not know the number's carrier. Support may find out; a phone bill helps.",
            ask="look into the carrier of the number; we can send a phone bill",
        ),
    ),
    (
        ("already enabled for messaging",),
        Remedy(
            "Another provider has the number's messages. Its owner has that provider disable "
            "messaging, and then "
            "the number can be ordered anew."
        ),
    ),
    (
        ("idle for more than 30 days",),
        Remedy("The order was left for 30 days. Order the number anew when its owner is ready."),
    ),
)
_OTHER = Remedy("Twilio's support knows more.", ask="tell us what keeps the order, and resolve it")


def remedy_of(reason: str) -> Remedy:
    folded = reason.casefold()
    for words, remedy in _REMEDIES:
        if any(word in folded for word in words):
            return remedy
    return _OTHER


def support_text(order_sid: str, account_sid: str, reason: str, remedy: Remedy) -> str:
    """What to send to support: the order and the request, and nothing about people."""
    said = [f"Its reason is: {reason}", ""] if reason else []
    lines = [
        f"To: {SUPPORT_MAIL}",
        f"Subject: Hosted number order {order_sid}",
        "",
        "Hello,",
        "",
        f"hosted number order {order_sid} of account {account_sid} needs action.",
        *said,
        f"We ask you to {remedy.ask}.",
    ]
    return "\n".join(lines)
