"""What people see when something cannot be done. Answers without a database as long as that is possible."""

import sys
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from redis.exceptions import ConnectionError as CacheConnectionError
from redis.exceptions import TimeoutError as CacheTimeout

from portal.access import PERMISSION_WORDS, Permission, administrators, attach_access, people_with
from portal.shell import Shell


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _calm(request, "400.html", HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """Say what was refused, which roles may do it, and who gives roles (UX-33)."""
    refused = exception.args[0] if exception.args else ""
    context: dict[str, Any]
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    if isinstance(refused, Permission):
        roles = people_with(refused)
        mine = attach_access(request).access.role_names if is_known else ()
        context = {
            "words": PERMISSION_WORDS.get(refused, ""),
            "roles": roles,
            "mine": mine,
            "is_elsewhere": not set(mine).isdisjoint(roles),
        }
    else:
        context = {"reason": refused}
    if is_known:
        context["administrators"] = administrators()
    return render(request, "403.html", context, status=HTTPStatus.FORBIDDEN)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _calm(request, "403_csrf.html", HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


def forms_only(request: HttpRequest) -> HttpResponse:
    return _calm(request, "405.html", HTTPStatus.METHOD_NOT_ALLOWED)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """allauth shows this when a form was sent far too often."""
    return _calm(request, "429.html", HTTPStatus.TOO_MANY_REQUESTS, retry_after=60)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a fault of ours, or for something we need that is away for a moment (503)."""
    fault = sys.exc_info()[1]
    away = ""
    if isinstance(fault, (OperationalError, InterfaceError)):
        connection.close()
        away = "The database"
    elif isinstance(fault, (CacheConnectionError, CacheTimeout)):
        away = "The cache"  # where failed sign-ins are counted: nobody is let in uncounted
    if away:
        return _calm(request, "503.html", HTTPStatus.SERVICE_UNAVAILABLE, retry_after=5, away=away)
    return _calm(request, "500.html", HTTPStatus.INTERNAL_SERVER_ERROR)


def _calm(
    request: HttpRequest,
    template: str,
    status: HTTPStatus,
    *,
    retry_after: int | None = None,
    **context: str,
) -> HttpResponse:
    """A page that asks nothing of the database, of the session or of the host's name."""
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return HttpResponse(
        render_to_string(template, {"shell": Shell(request), **context}), status=status, headers=headers
    )
