"""A callback's way in: verify, write down, answer, and leave the work to a task.

An area makes its endpoint with `receiver` and hands over how its hint is read and the name of the task that
reads the object from Twilio. The body is a hint and never data, so callbacks that come twice, late, in
another order or not at all do no harm.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError as BrokerError

from portal.models import Delivery
from portal.webhooks.callbacks import Callback, Fields, Unreadable, read_callback, shown_headers
from portal.webhooks.judging import Judgement, Verdict, judge

log = structlog.get_logger(__name__)

# What is told again is read again, but not more often than this.
AGAIN_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Hint:
    """The object a callback is about. `said` is what may be shown to everybody: no reasons, no names."""

    sid: str
    said: dict[str, str] = field(default_factory=dict)


Read = Callable[[Fields], Hint | None]


def callback_url(name: str) -> str:
    """The address to give Twilio for the endpoint of this URL name. Signatures are checked against it."""
    return f"{settings.PUBLIC_URL}{reverse(name)}"


def receiver(
    *, kind: str, read: Read, task: str, methods: Sequence[str] = ("POST",)
) -> Callable[[HttpRequest], HttpResponse]:
    """The view of an endpoint.

    `read` finds the object in the fields of a verified body, or answers None for a body that is about
    something else; `methods` are those with which Twilio may call; `task` is the name of the Celery task that
    is given the id of the delivery.
    """

    @csrf_exempt
    @login_not_required
    @require_http_methods(list(methods))
    def receive(request: HttpRequest) -> HttpResponse:
        try:
            callback = read_callback(request)
        except Unreadable as fault:
            _count_refused(kind, request, Judgement(Verdict.UNREADABLE, why=fault.words))
            return _answer(fault.status, fault.words)
        judgement = judge(callback)
        if judgement.verdict != Verdict.GOOD:
            _count_refused(kind, request, judgement)
            return _answer(HTTPStatus.FORBIDDEN, "The signature could not be verified.")
        delivery = _write_down(kind, callback, judgement, read(callback.fields), task)
        if delivery:
            send(delivery)
        return _answer(HTTPStatus.OK)

    return receive


def send(delivery: Delivery) -> bool:
    """Give a delivery to the workers; False when the broker is down, and beat will send it later."""
    row = Delivery.objects.waiting().filter(pk=delivery.pk)
    row.update(sent_at=Now())
    try:
        current_app.send_task(delivery.task, args=[delivery.pk])
    except (BrokerError, OSError) as error:
        log.warning("webhook.broker_down", delivery=delivery.pk, error=type(error).__name__)
        row.update(sent_at=None)
        return False
    return True


def _write_down(
    kind: str, callback: Callback, judgement: Judgement, hint: Hint | None, task: str
) -> Delivery | None:
    """The delivery, when it is new and there is something to do; None when it was known or is ignored."""
    account = judgement.account
    same = hashlib.sha256(f"{kind}\n{account and account.pk}\n{callback.body}".encode()).hexdigest()
    known = Q(key=f"{same}:{timezone.now():%y%m%d%H%M}")
    if callback.token:
        # An attempt to deliver it once more. The header is not signed, so the body has to be the same, too.
        known |= Q(key__startswith=f"{same}:", token=callback.token)
    if _note_again(known):
        return None
    values: dict[str, Any] = {
        "kind": kind,
        "account": account,
        "verdict": judgement.verdict,
        "url": callback.url().partition("?")[0][:500],
        "headers": dict(callback.headers),
        "token": callback.token,
        "body": callback.body,
    }
    if hint:
        values |= {"target": hint.sid, "said": hint.said, "task": task, "state": Delivery.State.WAITING}
    else:
        values |= {
            "state": Delivery.State.IGNORED,
            "why": "It names no object of the kind this address is for.",
        }
    try:
        with transaction.atomic():
            delivery = Delivery.objects.create(key=f"{same}:{timezone.now():%y%m%d%H%M}", **values)
    except IntegrityError:  # the same at the same moment
        _note_again(known)
        return None
    return delivery if hint else None


def _note_again(known: Q) -> bool:
    """Count what came once more; what was done about it is done again, for things may have gone on since."""
    if not Delivery.objects.filter(known).update(times=F("times") + 1, last_at=Now()):
        return False
    ended = Delivery.objects.filter(known, state__in=(Delivery.State.DONE, Delivery.State.FAILED))
    ended.update(
        state=Delivery.State.WAITING,
        attempts=0,
        sent_at=None,
        taken_at=None,
        next_at=Greatest(Now(), F("processed_at") + AGAIN_AFTER),
    )
    return True


def _count_refused(kind: str, request: HttpRequest, judgement: Judgement) -> None:
    """One row a minute for each verdict and account, without the body, however much is sent."""
    account = judgement.account
    key = f"{judgement.verdict}:{kind}:{account.pk if account else ''}:{timezone.now():%y%m%d%H%M}"
    row, is_new = Delivery.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "account": account,
            "verdict": judgement.verdict,
            "state": Delivery.State.IGNORED,
            "why": judgement.why,
            "url": f"{settings.PUBLIC_URL}{request.path}"[:500],
            "headers": shown_headers(request),
        },
    )
    if is_new:
        log.warning("webhook.refused", kind=kind, verdict=judgement.verdict, delivery=row.pk)
    else:
        Delivery.objects.filter(pk=row.pk).update(times=F("times") + 1, last_at=Now())


def _answer(status: HTTPStatus, words: str = "") -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
