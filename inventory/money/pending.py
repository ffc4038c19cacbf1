"""What has been asked for and is not done: purchases and releases that will change the bill."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from inventory.bulk.kinds import RELEASE_NUMBERS
from inventory.buying.actions import BUY_NUMBERS
from inventory.models import PhoneNumber
from portal.access import Access, Permission
from portal.models import Batch, BatchItem

PURCHASE, RELEASE = 1, -1


@dataclass(frozen=True, slots=True)
class Pending:
    """Numbers of one kind that are to be bought or released, and whose they will be, or are."""

    sign: int
    account_id: str
    country: str
    number_type: str
    owner: str
    cost_centre: str
    tags: Sequence[str]
    count: int


def pending_of(access: Access, permission: Permission) -> list[Pending]:
    """Everything under way or waiting for approval, in two queries. What is only a draft is not."""
    return [*_purchases(access, permission), *_releases(access, permission)]


def _purchases(access: Access, permission: Permission) -> Iterator[Pending]:
    kinds = (
        access.visible(_open_items(BUY_NUMBERS), permission=permission)
        .order_by()
        .values_list("account_id", "detail__country", "detail__number_type", "detail__records")
        .annotate(count=Count("pk"))
    )
    for account, country, number_type, records, count in kinds:
        ours = records or {}
        yield Pending(
            PURCHASE, account, country or "", number_type or "", ours.get("owner", ""),
            ours.get("cost_centre", ""), ours.get("tags", ()), count,
        )  # fmt: skip


def _releases(access: Access, permission: Permission) -> Iterator[Pending]:
    leaving = PhoneNumber.objects.present().filter(pk__in=_open_items(RELEASE_NUMBERS).values("target"))
    kinds = (
        access.visible(leaving, permission=permission)
        .order_by()
        .values_list("account_id", "country", "number_type", "owner", "cost_centre", "tags")
        .annotate(count=Count("pk"))
    )
    for account, country, number_type, owner, cost_centre, tags, count in kinds:
        yield Pending(RELEASE, account, country, number_type, owner, cost_centre, tags, count)


def _open_items(kind: str) -> QuerySet[BatchItem]:
    """Items that will still be carried out; of a batch that is being stopped, only those begun."""
    begun = Q(state__in=(BatchItem.State.RUNNING, BatchItem.State.UNCERTAIN))
    waiting = Q(state=BatchItem.State.WAITING) & ~Q(batch__state=Batch.State.STOPPING)
    unended = (Batch.State.REQUESTED, Batch.State.RUNNING, Batch.State.STOPPING)
    return BatchItem.objects.filter(begun | waiting, batch__kind=kind, batch__state__in=unended)
