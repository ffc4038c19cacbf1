import json
import sys
import time
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import autodiscover_modules

from portal.mirror import runs
from portal.models import SyncRun, TwilioAccount

log = structlog.get_logger(__name__)

_FIGURES = ("pages", "seen", "added", "changed", "missing", "requests", "retries")


class Command(BaseCommand):
    help = "Read Twilio into the mirror, here and now. Exits 1 if anything could not be read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="AC…", help="only this account")
        parser.add_argument("--only", choices=list(settings.SYNC_INTERVALS), help="only this resource")
        parser.add_argument("--json", action="store_true", help="one JSON object a run, and one for the sum")

    def handle(self, *args: Any, **options: Any) -> None:
        autodiscover_modules("tasks")
        self.as_json = options["json"]
        resources = [options["only"]] if options["only"] else list(settings.SYNC_INTERVALS)
        started = time.monotonic()
        finished = [run for resource in resources for run in self._read(resource, options["account"])]
        failed = [run for run in finished if run.state != SyncRun.State.DONE]
        if not finished:
            raise CommandError("There is no account to read. `manage.py connect_account` connects one.")
        self._summarise(finished, failed, time.monotonic() - started)
        if failed:
            sys.exit(1)

    def _read(self, resource: str, account_sid: str | None) -> list[SyncRun]:
        # Asked anew for every resource: reading the accounts finds subaccounts.
        accounts = TwilioAccount.objects.watched()
        if account_sid:
            accounts = accounts.filter(pk=account_sid)
        if resource in settings.SYNC_BY_PARENTS:
            accounts = accounts.parents()
        return [self._run(account, resource) for account in accounts]

    def _run(self, account: TwilioAccount, resource: str) -> SyncRun:
        started = time.monotonic()
        run = runs.request_run(account, resource, trigger=SyncRun.Trigger.COMMAND)
        while not _carry_out(run):
            time.sleep(0.5)
        self._tell(account, run, time.monotonic() - started)
        return run

    def _tell(self, account: TwilioAccount, run: SyncRun, seconds: float) -> None:
        figures = {name: getattr(run, name) for name in _FIGURES}
        if self.as_json:
            facts = {"account": account.pk, "resource": run.resource, "state": run.state, "error": run.error}
            self.stdout.write(json.dumps({**facts, **figures, "seconds": round(seconds, 3)}))
            return
        words = f"{run.seen:,} seen, {run.added:,} new, {run.changed:,} changed, {run.missing:,} missing"
        if run.state != SyncRun.State.DONE:
            words = f"failed: {run.error}"
        self.stdout.write(f"{run.resource:<13} {account!s:<24} {words} ({seconds:.1f} s)")

    def _summarise(self, finished: list[SyncRun], failed: list[SyncRun], seconds: float) -> None:
        sums = {name: sum(getattr(run, name) for run in finished) for name in _FIGURES}
        if self.as_json:
            counts = {"runs": len(finished), "failed": len(failed)}
            self.stdout.write(json.dumps({"summary": True, **counts, **sums, "seconds": round(seconds, 3)}))
            return
        outcome = f"{len(failed)} of {len(finished)} failed" if failed else f"{len(finished)} runs complete"
        self.stdout.write(f"{outcome}: {sums['seen']:,} objects seen in {seconds:.1f} s")


def _carry_out(run: SyncRun) -> bool:
    """Do what a worker does, unless one is at it. Whether the run is over."""
    try:
        current_app.tasks[f"sync_{run.resource}"](run.pk)
    except Exception:
        run.refresh_from_db()
        if not run.is_finished:
            raise
        log.exception("sync.fault", run=run.pk, resource=run.resource, account=run.account_id)
    run.refresh_from_db()
    return run.is_finished
