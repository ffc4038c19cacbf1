from datetime import timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from portal import files, retention
from portal.batches import runner
from portal.mirror import runs
from portal.models import SyncRun
from portal.notes.retention import purge_attachments

BEAT_KEY = "beat:tick"


@shared_task(name="beat_tick")
def beat_tick() -> None:
    """Beat sent this and a worker ran it: both are alive."""
    cache.set(BEAT_KEY, timezone.now(), timeout=None)


@shared_task(name="start_due_syncs")
def start_due_syncs() -> None:
    runs.start_due()


@shared_task(name="look_after_batches")
def look_after_batches() -> None:
    runner.look_after()


@shared_task(name="purge_files")
def purge_files() -> None:
    """Delete files that nobody claimed or that were attached long ago, and contents that no row knows of."""
    retention.purge_unclaimed()
    purge_attachments()
    files.sweep()


@shared_task(name="prune_sync_runs")
def prune_sync_runs() -> None:
    """Forget runs older than a month; the newest complete ones are younger than that."""
    SyncRun.objects.filter(queued_at__lt=timezone.now() - timedelta(days=30)).exclude(
        state__in=SyncRun.UNFINISHED_STATES
    ).delete()
