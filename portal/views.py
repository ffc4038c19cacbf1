from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal import health
from portal.access import Permission, administrators, allowed
from portal.dashboard import inventory_of
from portal.freshness import freshness_of
from portal.http import StaffRequest, page
from portal.labels import RUN_STATES, label_for
from portal.mirror import runs
from portal.models import Batch, Delivery, SyncRun, TwilioAccount
from portal.search import find
from portal.shell import THEMES, visible_accounts
from portal.uploads.scanning import scanner

_A_YEAR = 365 * 24 * 3600


@require_GET
@allowed(Permission.VIEW)
def home(request: StaffRequest) -> HttpResponse:
    accounts = visible_accounts(request)
    read = freshness_of(("numbers", "prices"), accounts)
    context = {
        "inventory": inventory_of(request.access, accounts),
        "freshness": read["numbers"],
        "prices": read["prices"],
        "waiting": _waiting_for(request),
    }
    return page(request, "portal/home.html", context)


def _waiting_for(request: StaffRequest) -> Iterable[Batch]:
    """What somebody asked for and this person may approve, the oldest first: it lapses first."""
    if not request.access.can(Permission.APPROVE):
        return ()
    batches = Batch.objects.visible_to(request.access.account_sids(Permission.APPROVE))
    others = batches.waiting_for_approval().exclude(author=request.user)
    return others.select_related("author").order_by("confirmed_at")[:5]


@require_GET
@allowed(Permission.VIEW)
def search(request: StaffRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    findings = find(text, request.access)
    if findings.exact_url and not request.htmx:
        return redirect(findings.exact_url)
    return page(request, "portal/search.html", {"text": text, "findings": findings}, fragment="findings")


@require_GET
@allowed(Permission.VIEW_SYNC)
def sync_health(request: StaffRequest) -> HttpResponse:
    accounts = [
        account
        for account in visible_accounts(request)
        if request.access.can(Permission.VIEW_SYNC, account.pk)
    ]
    history = SyncRun.objects.filter(account__in=accounts).select_related("account", "requested_by")[:30]
    context = {
        "lines": health.health_of(accounts),
        "history": [(run, label_for(RUN_STATES, run.state)) for run in history],
        "callbacks": request.access.visible(Delivery.objects.all(), permission=Permission.VIEW_SYNC).tally(),
        "beat_at": health.beat_at(),
        "is_beat_late": health.is_beat_late(),
        "scanner": scanner(),
    }
    return page(request, "portal/sync_health.html", context, fragment="health")


@require_POST
@allowed(Permission.REFRESH)
def sync_refresh(request: StaffRequest, resource: str) -> HttpResponse:
    """Read a resource of all visible accounts, or of the named one, from Twilio now."""
    if resource not in settings.SYNC_INTERVALS:
        raise Http404
    now = timezone.now()
    accounts = _refreshable(request, resource)
    sent = True
    for account in accounts:
        run = runs.request_run(account, resource, trigger=SyncRun.Trigger.PERSON, user=request.user)
        if run.state == SyncRun.State.QUEUED:
            sent = sent and runs.send(run)  # beat sends what is left
    if request.htmx:
        return _progress(request, resource, now)
    if not accounts:
        messages.info(request, "There is no account to read.")
    elif not sent:
        messages.warning(
            request, "The refresh is waiting: the queue is down. It starts by itself when the queue is back."
        )
    return redirect(_safe_next(request))


@require_GET
@allowed(Permission.VIEW)
def sync_progress(request: StaffRequest, resource: str) -> HttpResponse:
    """How far the runs since a moment are. Answers 286 when all are over, which ends htmx's polling."""
    try:
        since = datetime.fromisoformat(request.GET.get("since", ""))
    except ValueError:
        raise Http404 from None
    if resource not in settings.SYNC_INTERVALS or timezone.is_naive(since):
        raise Http404
    return _progress(request, resource, since)


def _progress(request: StaffRequest, resource: str, since: datetime) -> HttpResponse:
    accounts = visible_accounts(request)
    candidates = SyncRun.objects.filter(account__in=accounts, resource=resource).select_related("account")
    latest = candidates.order_by("account_id", "-queued_at").distinct("account_id")
    current = [run for run in latest if not run.is_finished or (run.finished_at and run.finished_at >= since)]
    is_over = all(run.is_finished for run in current)
    context = {
        "resource": resource,
        "since": since.isoformat(),
        "runs": [(run, label_for(RUN_STATES, run.state)) for run in current],
        "is_over": is_over,
        "seen": sum(run.seen for run in current),
        "changed": sum(run.added + run.changed + run.missing for run in current),
        "back": _safe_next(request),
    }
    status = 286 if is_over and request.method == "GET" and request.htmx else 200
    return page(request, "portal/sync_progress.html", context, fragment="progress", status=status)


def _refreshable(request: StaffRequest, resource: str) -> list[TwilioAccount]:
    accounts = [account for account in visible_accounts(request) if account.is_watched]
    if wanted := request.POST.get("account"):
        accounts = [account for account in accounts if account.pk == wanted]
    if resource in settings.SYNC_BY_PARENTS:
        accounts = [account for account in accounts if not account.is_subaccount]
    return [account for account in accounts if request.access.can(Permission.REFRESH, account.pk)]


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def preferences(request: StaffRequest) -> HttpResponse:
    """Theme and keyboard shortcuts, kept in cookies of this browser."""
    if request.method == "GET":
        return page(request, "portal/preferences.html", {"themes": THEMES})
    response = redirect(_safe_next(request))
    theme = request.POST.get("theme")
    if theme in THEMES:
        response.set_cookie(
            "theme",
            theme,
            max_age=_A_YEAR,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    if "has_shortcuts" in request.POST:
        shortcuts = "on" if request.POST.get("shortcuts") == "on" else "off"
        response.set_cookie(
            "shortcuts",
            shortcuts,
            max_age=_A_YEAR,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
        messages.success(request, "Saved.")
    return response


@require_GET
@allowed(Permission.VIEW)
def help_page(request: StaffRequest) -> HttpResponse:
    return page(request, "portal/help.html", {"administrators": administrators()})


@login_not_required
@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up; says nothing about what it depends on."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether this installation can do its work: 503 without the database, the age of the rest in figures.

    Seconds since beat's last tick and since the oldest complete reading of each resource; null for never.
    """
    now = timezone.now()
    answer: dict[str, object] = {"database": "ok", "broker": "ok", "beat_seconds": None, "sync_seconds": {}}
    try:
        answer["sync_seconds"] = _sync_ages(now)
    except DatabaseError:
        answer["database"] = "down"
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=2, interval_start=0, interval_step=0)
    except Exception:
        answer["broker"] = "down"
    if beat_at := health.beat_at():
        answer["beat_seconds"] = round((now - beat_at).total_seconds())
    answer["ready"] = answer["database"] == "ok"
    return JsonResponse(answer, status=200 if answer["ready"] else 503)


def _sync_ages(now: datetime) -> dict[str, int | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    accounts = TwilioAccount.objects.watched()
    oldest: dict[str, datetime | None] = {}
    finished = {
        (run.account_id, run.resource): run.finished_at
        for run in SyncRun.objects.filter(account__in=accounts).latest_complete(settings.SYNC_INTERVALS)
    }
    for resource in settings.SYNC_INTERVALS:
        moments = [
            finished.get((account.pk, resource))
            for account in accounts
            if not (resource in settings.SYNC_BY_PARENTS and account.is_subaccount)
        ]
        oldest[resource] = min(moments) if moments and None not in moments else None  # type: ignore[type-var]
    return {
        name: round((now - moment).total_seconds()) if moment else None for name, moment in oldest.items()
    }


def _safe_next(request: HttpRequest) -> str:
    """Where to go back to: a path of ours, never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if not wanted and (referrer := request.META.get("HTTP_REFERER")):
        parts = urlsplit(referrer)
        wanted = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/"):
        return wanted
    return "/"
