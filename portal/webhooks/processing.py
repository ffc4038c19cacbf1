"""What is done about a delivery: one task reads its object from Twilio, and beat looks after the rest."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from portal import operations
from portal.models import Change, Delivery, User
from portal.twilio.errors import TwilioFailure, Unavailable
from portal.webhooks import intake

log = structlog.get_logger(__name__)

REPLAY = "webhooks.replay_delivery"
# Whoever took a delivery and has not ended it for this long has lost its worker.
LEASE = timedelta(minutes=2)
# A delivery that was sent and not taken for this long may have been lost with the broker.
_LOST_AFTER = timedelta(minutes=1)
# After a failure that passes, it rests for this long, and for twice as long after every further one.
_REST = timedelta(seconds=30)
_LONGEST_REST = timedelta(hours=1)
MOST_ATTEMPTS = 8
_SENT_AT_ONCE = 500
_FORGOTTEN_AT_ONCE = 5000
# What was refused is of interest while somebody looks for the reason.
_REFUSED_KEPT = timedelta(days=7)

# Reads the object of a delivery from Twilio; answers what the changes do not tell, or "".
Refetch = Callable[[Delivery], str]


def process(delivery_id: int, refetch: Refetch) -> None:
    """Carry a delivery out, unless it is over or somebody is at it. Failures end in its row.

    What cannot be asked now is asked later; what Twilio refuses is over.
    """
    delivery = _take(delivery_id)
    if delivery is None:
        return
    try:
        effect = refetch(delivery)
    except Unavailable as failure:
        _put_off(delivery, _words(failure), failure.retry_after)
    except TwilioFailure as failure:
        _end(delivery, Delivery.State.FAILED, error=_words(failure))
    except SoftTimeLimitExceeded:
        _put_off(delivery, "It took too long and was stopped.")
    except Exception as error:
        _put_off(delivery, f"A fault in Numberdesk: {type(error).__name__}.")
        raise
    else:
        Change.objects.filter(
            target=delivery.target, source=Change.Source.WEBHOOK, at__gte=delivery.taken_at, delivery=None
        ).update(delivery=delivery)
        _end(delivery, Delivery.State.DONE, effect=effect)
    log.info("webhook.processed", delivery=delivery.pk, kind=delivery.kind, target=delivery.target)


def send_waiting() -> int:
    """Send every delivery that is due or was left lying; return how many. Harmless however often it runs."""
    due = Delivery.objects.waiting().filter(
        Q(next_at=None) | Q(next_at__lte=Now()),
        Q(taken_at=None) | Q(taken_at__lt=Now() - LEASE),
        Q(sent_at=None) | Q(sent_at__lt=Now() - _LOST_AFTER),
    )
    sent = 0
    for delivery in due.defer("body").order_by("received_at")[:_SENT_AT_ONCE]:
        if not intake.send(delivery):
            break
        sent += 1
    return sent


def replay(delivery: Delivery, *, actor: User) -> bool:
    """Have the object of a verified delivery read again; False when that is under way already."""
    assert delivery.account
    with transaction.atomic(durable=True):
        ended = Delivery.objects.verified().filter(
            pk=delivery.pk, state__in=(Delivery.State.DONE, Delivery.State.FAILED)
        )
        if not ended.update(
            state=Delivery.State.WAITING, attempts=0, sent_at=None, taken_at=None, next_at=None, error=""
        ):
            return False
        operations.record(
            REPLAY, account=delivery.account, target=audit_target(delivery), actor=actor,
            detail={"target": delivery.target},
        )  # fmt: skip
    intake.send(delivery)
    return True


def audit_target(delivery: Delivery) -> str:
    """What is done with the delivery itself, and not with its object, is filed under this."""
    return f"delivery:{delivery.pk}"


def forget_old() -> None:
    """Forget what is older than DELIVERY_DAYS, and what was refused after a week."""
    kept = min(timedelta(days=settings.DELIVERY_DAYS), _REFUSED_KEPT)
    old = Q(received_at__lt=Now() - timedelta(days=settings.DELIVERY_DAYS))
    refused = ~Q(verdict=Delivery.Verdict.GOOD) & Q(received_at__lt=Now() - kept)
    ended = Delivery.objects.exclude(state=Delivery.State.WAITING).filter(old | refused)
    while found := list(ended.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE]):
        Delivery.objects.filter(pk__in=found).delete()


def _take(delivery_id: int) -> Delivery | None:
    """Claim a waiting delivery for one attempt; one that outlived too many workers is given up."""
    taken = Delivery.objects.waiting().filter(
        Q(taken_at=None) | Q(taken_at__lt=Now() - LEASE),
        Q(next_at=None) | Q(next_at__lte=Now()),
        pk=delivery_id,
    )
    if not taken.update(taken_at=Now(), attempts=F("attempts") + 1):
        return None
    delivery = Delivery.objects.select_related("account").get(pk=delivery_id)
    if delivery.attempts > MOST_ATTEMPTS:
        _end(delivery, Delivery.State.FAILED, error=delivery.error or "Its worker was lost every time.")
        return None
    return delivery


def _put_off(delivery: Delivery, error: str, retry_after: float | None = None) -> None:
    """Let it be tried later, or give it up after so many attempts."""
    if delivery.attempts >= MOST_ATTEMPTS:
        _end(delivery, Delivery.State.FAILED, error=error)
        return
    rest = min(_REST * 2 ** (delivery.attempts - 1), _LONGEST_REST)
    rest = max(rest, min(timedelta(seconds=retry_after or 0), _LONGEST_REST))
    Delivery.objects.waiting().filter(pk=delivery.pk).update(
        taken_at=None, sent_at=None, next_at=Now() + rest, error=error
    )


def _end(delivery: Delivery, state: Delivery.State, *, error: str = "", effect: str = "") -> None:
    """It is over, unless it came once more while its object was being read: then it is read again."""
    row = Delivery.objects.filter(pk=delivery.pk)
    facts = {"taken_at": None, "processed_at": Now(), "error": error, "effect": effect}
    if not row.filter(times=delivery.times).update(state=state, next_at=None, **facts):
        row.update(sent_at=None, next_at=Now() + intake.AGAIN_AFTER, attempts=0, **facts)


def _words(failure: TwilioFailure) -> str:
    return f"{failure.words} (Twilio error {failure.code})" if failure.code else failure.words
