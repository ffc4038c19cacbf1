"""Asking Twilio which numbers it can host: written down first, asked by a task, and asked for until it is
there.

A check changes nothing at Twilio, so one whose answer was lost is simply asked again.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from inventory.files.report import Problem, as_json
from portal.locks import advisory_lock
from portal.models import TwilioAccount, User
from portal.twilio.errors import TwilioFailure, Unavailable, Uncertain
from porting.features import noting_feature
from porting.hosting import gateway
from porting.hosting.eligibility.next_steps import ORDER_STEP, read_result
from porting.models import AccountFeature, EligibilityCheck, EligibilityResult
from porting.statuses import normal_status

log = structlog.get_logger(__name__)

TASK = "run_eligibility_check"
# A check that Twilio has not answered is asked about again after so many seconds.
ASKED_EVERY = 3
# One whose task was lost is sent again after this, and one that Twilio never answers is given up after that.
_LOST_AFTER = timedelta(seconds=20)
_GIVEN_UP_AFTER = timedelta(hours=2)
# Twilio says SUCCESSFUL on page 10 and COMPLETE in its specification (contract §4, row 5).
_OVER = frozenset({"successful", "success", "complete", "completed", "processed"})
_FAILED = frozenset({"failed", "failure", "error"})


def begin_check(
    *,
    account: TwilioAccount,
    numbers: Sequence[str],
    problems: Sequence[Problem] = (),
    name: str = "",
    key: UUID,
    actor: User,
) -> EligibilityCheck:
    """Write a check down and give it to the workers. The same form, sent twice, makes one."""
    plural = "" if len(numbers) == 1 else "s"
    name = name or f"{len(numbers):,} number{plural}, {timezone.now():%-d %b %Y %H:%M}"
    try:
        with transaction.atomic():
            check = EligibilityCheck.objects.create(
                key=key,
                account=account,
                author=actor,
                name=name[:128],
                count=len(numbers),
                report=as_json(problems),  # type: ignore[misc]
            )
            EligibilityResult.objects.bulk_create(
                EligibilityResult(check_of=check, position=position, phone_number=number)
                for position, number in enumerate(numbers, start=1)
            )
    except IntegrityError:
        return EligibilityCheck.objects.get(key=key)
    send(check)
    return check


def send(check: EligibilityCheck, *, countdown: int = 0) -> bool:
    """Give a check to the workers; False when the broker is down, and beat will send it later."""
    try:
        current_app.send_task(TASK, args=[str(check.pk)], countdown=countdown)
    except (BrokerError, OSError) as error:
        log.warning("eligibility.broker_down", check=str(check.pk), error=type(error).__name__)
        return False
    return True


def follow_checks() -> None:
    """Send every check that nobody has asked Twilio about for a while. Harmless however often it runs."""
    old = Q(asked_at=None, created_at__lt=Now() - timedelta(seconds=5)) | Q(asked_at__lt=Now() - _LOST_AFTER)
    for check in EligibilityCheck.objects.unended().filter(old)[:200]:
        if not send(check):
            break


def run_check(check_id: UUID | str) -> None:
    """Ask Twilio, or ask for its answer, unless the check is over or somebody is at it."""
    with advisory_lock(f"eligibility:{check_id}") as held:
        if not held:
            return
        check = EligibilityCheck.objects.unended().select_related("account").filter(pk=check_id).first()
        if check is None:
            return
        EligibilityCheck.objects.filter(pk=check.pk).update(asked_at=Now())
        noting = noting_feature(check.account, AccountFeature.Feature.HOSTING)
        try:
            # Where Twilio took the check, it offers this: that it has lost it tells nothing of the account.
            with nullcontext() if check.request_sid else noting:
                is_over = _ask(check)
        except (Unavailable, Uncertain) as failure:
            if timezone.now() - check.created_at > _GIVEN_UP_AFTER:
                _end(check, EligibilityCheck.State.FAILED, failure.words, failure.code)
            return  # beat sends it again
        except TwilioFailure as failure:
            _end(check, EligibilityCheck.State.FAILED, failure.words, failure.code)
            return
    if not is_over:
        send(check, countdown=ASKED_EVERY)


def _ask(check: EligibilityCheck) -> bool:
    """Whether Twilio has answered it all."""
    login = check.account.require_own_login()
    if check.count == 1:
        number = check.results.get().phone_number
        _keep(check, [gateway.check_eligibility(login, number)])
    else:
        if check.request_sid:
            told = gateway.fetch_bulk_eligibility(login, check.request_sid)
        else:
            numbers = list(check.results.values_list("phone_number", flat=True))
            told = gateway.create_bulk_eligibility(login, numbers, friendly_name=check.name)
            check.request_sid = str(told.get("request_id") or "")[:34]
            check.state = EligibilityCheck.State.RUNNING
            check.save(update_fields=["request_sid", "state"])
        results = told.get("results")
        _keep(check, results if isinstance(results, list) else [])
        status = normal_status(told.get("status"))
        if status in _FAILED:
            _end(check, EligibilityCheck.State.FAILED, f"Twilio ended the check as {told.get('status')}.")
            return True
        if status not in _OVER:
            if timezone.now() - check.created_at > _GIVEN_UP_AFTER:
                _end(check, EligibilityCheck.State.FAILED, "Twilio has not answered for two hours.")
                return True
            return False
    _note_caller_ids(check)
    _end(check, EligibilityCheck.State.DONE)
    return True


def _keep(check: EligibilityCheck, results: Iterable[Any]) -> None:
    told = {
        str(result.get("phone_number")): result
        for result in results
        if isinstance(result, Mapping) and result
    }
    rows = list(check.results.filter(phone_number__in=list(told), status=""))
    for row in rows:
        for name, value in read_result(told[row.phone_number]).items():
            setattr(row, name, value)
    columns = ["status", "sub_status", "reason", "next_step", "number_type"]
    EligibilityResult.objects.bulk_update(rows, columns, batch_size=500)


def _note_caller_ids(check: EligibilityCheck) -> None:
    """Note which numbers are Verified Caller IDs: Twilio deletes these, and asks for no call (page 11)."""
    eligible = check.results.filter(next_step=ORDER_STEP)
    if not eligible.exists():
        return
    try:
        known = gateway.fetch_caller_ids(check.account.require_own_login())
    except TwilioFailure as failure:
        log.info("eligibility.caller_ids_unread", check=str(check.pk), failure=type(failure).__name__)
        return
    eligible.filter(phone_number__in=known).update(is_caller_id=True)


def _end(
    check: EligibilityCheck, state: EligibilityCheck.State, words: str = "", code: int | None = None
) -> None:
    EligibilityCheck.objects.unended().filter(pk=check.pk).update(
        state=state, words=words, code=code, ended_at=Now()
    )
