"""Learning what became of a review: from callbacks, and by asking where Twilio sends none."""

from datetime import timedelta

import structlog
from django.db.models import F, Q
from django.db.models.functions import Now

from compliance import sync
from compliance.models import Bundle
from portal.locks import advisory_lock
from portal.models import Change, Delivery, TwilioAccount
from portal.twilio.errors import NoCredentials, TwilioFailure, Unavailable
from portal.webhooks.callbacks import fields_of

log = structlog.get_logger(__name__)

# Twilio calls for no change into review (page 31), and a callback may be lost.
POLLED_EVERY = timedelta(minutes=3)
# In one round, so many bundles of an account are asked for; the next round goes on.
_POLLED_AT_ONCE = 50


def read_bundle(delivery: Delivery) -> str:
    """Read the bundle of a callback from Twilio. Returns what the changes do not tell."""
    assert delivery.account
    is_known = Bundle.objects.filter(pk=delivery.target).exists()
    bundle = sync.refetch_bundle(delivery.account, delivery.target, source=Change.Source.WEBHOOK)
    if bundle is None:
        return "Twilio does not have this bundle, or not any more."
    sync.refetch_documents(bundle, source=Change.Source.WEBHOOK)
    told = [] if is_known else ["It was read for the first time."]
    if _keep_reason(delivery, bundle):
        told.append("Why it was rejected is kept with the bundle.")
    return " ".join(told)


def poll_reviews() -> int:
    """Ask for bundles under review that were not read for some minutes; return how many were read."""
    with advisory_lock("poll_reviews") as held:
        if not held:
            return 0
        waiting = Bundle.objects.present().under_review()
        accounts = TwilioAccount.objects.watched().filter(pk__in=waiting.order_by().values("account"))
        return sum(_poll(account) for account in accounts)


def _poll(account: TwilioAccount) -> int:
    old = Q(items_read_at=None) | Q(items_read_at__lt=Now() - POLLED_EVERY)
    due = Bundle.objects.present().under_review().filter(old, account=account)
    oldest_first = due.order_by(F("items_read_at").asc(nulls_first=True), "sid")
    read = 0
    for sid in list(oldest_first.values_list("pk", flat=True)[:_POLLED_AT_ONCE]):
        try:
            sync.refetch_bundle(account, sid, source=Change.Source.SYNC)
        except (NoCredentials, Unavailable):
            break  # nor will it answer for the others
        except TwilioFailure as failure:
            log.info("review.unread", bundle=sid, code=failure.code)
        else:
            read += 1
    return read


def _keep_reason(delivery: Delivery, bundle: Bundle) -> bool:
    """Keep why the bundle was rejected, for Twilio tells it in callbacks only; return whether it was kept.

    That of a callback which came before another one is old, and so is one about a status that has passed.
    """
    fields = fields_of(delivery)
    reason, status = fields.get("failurereason", ""), fields.get("status", "")
    if not reason or status != bundle.status or status != Bundle.Status.REJECTED:
        return False
    later = Delivery.objects.verified().filter(
        target=delivery.target, said__status=status, received_at__gt=delivery.received_at
    )
    if later.exists():
        return False
    return bool(Bundle.objects.filter(pk=bundle.pk, status=status).update(review_reason=reason))
