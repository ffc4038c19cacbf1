import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.urls import reverse

from portal.models.fields import SidField


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, account_sids: Sequence[str] | None) -> Self:
        """Batches all of whose accounts a person may see; None means all accounts."""
        return self if account_sids is None else self.filter(account_sids__contained_by=account_sids)

    def asked_for(self) -> Self:
        """Batches that are more than somebody's draft."""
        return self.exclude(state=Batch.State.DRAFT)

    def waiting_for_approval(self) -> Self:
        return self.filter(state=Batch.State.REQUESTED)


class Batch(models.Model):
    """Changes that somebody asked for together, of one object or of thousands.

    The objects are frozen as items when the draft is made, whatever happens later to the filter they
    were found with. What is confirmed is carried out by workers, item by item, one `Operation` each;
    where four eyes are asked for, a second person approves first. `detail` holds what all items
    share, and never personal data.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Being prepared"
        REQUESTED = "requested", "Waiting for approval"
        DECLINED = "declined", "Not approved"
        LAPSED = "lapsed", "Lapsed"
        RUNNING = "running", "Under way"
        STOPPING = "stopping", "Stopping"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Ended"

    AT_WORK = (State.RUNNING, State.STOPPING)
    ENDED = (State.DONE, State.STOPPED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)  # area.action: portal.labels.BATCH_KINDS
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="batches")
    account_sids = ArrayField(SidField(), default=list)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    draft_view = models.CharField(max_length=60)  # the URL name of the page that goes on with the draft
    # What it adds to the bill of a month, or takes off it, as far as prices are known
    monthly_cost = models.DecimalField(max_digits=14, decimal_places=5, null=True)
    currency = models.CharField(max_length=3, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)  # sent to the workers, or moved, at this moment
    ended_at = models.DateTimeField(null=True)
    # Four eyes
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="decided_batches"
    )
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["-created_at"], name="batch_newest"),
            models.Index(
                fields=["state"], name="batch_unended",
                condition=Q(state__in=("requested", "running", "stopping")),
            ),
            models.Index(fields=["author", "-created_at"], name="batch_author"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"

    def get_absolute_url(self) -> str:
        if self.state == self.State.DRAFT:
            return reverse(self.draft_view, args=[self.pk])
        return reverse("batch-detail", args=[self.pk])

    @property
    def is_at_work(self) -> bool:
        return self.state in self.AT_WORK

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def saves(self) -> Decimal | None:
        """What it takes off the bill of a month."""
        return -self.monthly_cost if self.monthly_cost is not None and self.monthly_cost < 0 else None

    def tally(self) -> dict[str, int]:
        """How many items there are in each state."""
        counts = self.items.order_by().values_list("state").annotate(n=Count("pk"))
        return {state.value: 0 for state in BatchItem.State} | dict(counts)


class BatchItemQuerySet(models.QuerySet["BatchItem"]):
    def taking_part(self) -> Self:
        return self.exclude(state=BatchItem.State.LEFT_OUT)


class BatchItem(models.Model):
    """One object of a batch, what is to become of it, and what became of it.

    `key` is the form key of the operation that carries it out, so an item that was begun twice finds
    the operation it already started. `seen` is a fingerprint of the object as it was when the change
    was asked for.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Refused"
        UNCERTAIN = "uncertain", "Not known yet"
        STOPPED = "stopped", "Not begun"
        LEFT_OUT = "left_out", "Left out"

    UNENDED = (State.WAITING, State.RUNNING, State.UNCERTAIN)
    AGAIN = (State.FAILED, State.STOPPED)  # what may be tried again

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.PositiveIntegerField()
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    target = SidField(max_length=80)  # a sid, or a natural key for what has none yet
    name = models.CharField(max_length=255, blank=True)  # what a person calls it: a number in E.164
    detail = models.JSONField(default=dict)
    seen = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    key = models.UUIDField(default=uuid.uuid4)
    attempts = models.PositiveSmallIntegerField(default=0)
    operation = models.ForeignKey(
        "portal.Operation", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    result = SidField(blank=True)  # the sid of what was made
    code = models.PositiveIntegerField(null=True)
    words = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    objects = BatchItemQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "target"], name="batch_item_once"),
        ]
        indexes = [
            models.Index(fields=["batch", "position"], name="batch_item_position"),
            models.Index(fields=["batch", "state", "attempts", "position"], name="batch_item_next"),
            models.Index(fields=["operation"], name="batch_item_uncertain", condition=Q(state="uncertain")),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.target} ({self.state})"


class ApprovalRule(models.Model):
    """A kind of batch that a second person must approve, on one account or on all.

    With neither limit every batch of the kind; otherwise those over one of them.
    """

    kind = models.CharField(max_length=60)
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        null=True,
        related_name="+",
    )
    over_count = models.PositiveIntegerField(null=True)
    over_monthly_cost = models.DecimalField(max_digits=12, decimal_places=2, null=True)

    class Meta:
        ordering = ["kind", "account"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "account"], name="approval_rule_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.account_id or 'all accounts'}"

    def applies_to(self, *, count: int, monthly_cost: Decimal | None) -> bool:
        """Whether a batch of so many objects and such a cost needs approval. An unknown cost does."""
        if self.over_count is None and self.over_monthly_cost is None:
            return True
        if self.over_count is not None and count > self.over_count:
            return True
        if self.over_monthly_cost is None:
            return False
        return monthly_cost is None or abs(monthly_cost) > self.over_monthly_cost
