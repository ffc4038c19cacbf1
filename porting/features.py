"""What an account may use: noted whenever Twilio is asked (T2)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from portal.models import TwilioAccount
from portal.twilio.errors import Rejected, TwilioFailure
from porting.models import AccountFeature

# 404: there is no such part for this account; 403 20403: it has no permission (page 15).
_NOT_THERE = (401, 403, 404)


class NotAvailable(Rejected):
    """Twilio does not offer this part of its API to the account."""


@contextmanager
def noting_feature(account: TwilioAccount, feature: AccountFeature.Feature) -> Iterator[None]:
    """Note whether the calls inside were let in. Raises NotAvailable where Twilio keeps the account out."""
    try:
        yield
    except TwilioFailure as failure:
        if failure.status in _NOT_THERE:
            _note(account, feature, is_available=False, words=failure.words)
            raise NotAvailable(
                failure.words, code=failure.code, status=failure.status, request_id=failure.request_id
            ) from None
        raise
    _note(account, feature, is_available=True)


def _note(
    account: TwilioAccount, feature: AccountFeature.Feature, *, is_available: bool, words: str = ""
) -> None:
    AccountFeature.objects.update_or_create(
        account=account,
        feature=feature,
        defaults={"is_available": is_available, "words": words, "checked_at": timezone.now()},
    )
