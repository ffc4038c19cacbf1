from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from compliance.mapping.report import Line, Report, report_of
from compliance.standing import MEANINGS, REASONS, REVIEW_DAYS, STANDINGS
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.freshness import freshness_of
from portal.http import StaffRequest, page
from portal.shell import visible_accounts


@require_GET
@allowed(Permission.VIEW)
def compliance_report(request: StaffRequest) -> HttpResponse:
    """How all numbers stand with regulations, by country and type, and by account where one looks closer."""
    accounts = visible_accounts(request)
    opened = request.GET.getlist("open")
    report = _report(request, with_quiet=bool(request.GET.get("quiet")), opened=opened)
    read = freshness_of(("numbers", "bundles", "regulations"), accounts)
    context = {
        "report": report,
        "standings": [(code, label) for code, label in STANDINGS.items()],
        "accounts": accounts,
        "country": request.GET.get("country", ""),
        "account": request.GET.get("account", ""),
        "lines": [(line, _toggle_url(request, line.key)) for line in report.groups],
        "is_all_open": "all" in opened,
        "open_all_url": _url(request, open=[] if "all" in opened else ["all"]),
        "quiet_url": _url(request, quiet=[] if request.GET.get("quiet") else ["1"]),
        "clear_url": _url(request, country=[], account=[]),
        "freshness": read["numbers"],
        "bundles": read["bundles"],
        "regulations": read["regulations"],
        "now": timezone.now(),
        "can_export": request.access.can(Permission.EXPORT),
        "can_assign": request.access.can(Permission.ASSIGN_BUNDLES),
    }
    return page(request, "compliance/mapping/compliance_report.html", context, fragment="report")


@require_GET
@allowed(Permission.EXPORT)
def compliance_report_export(request: StaffRequest) -> HttpResponseBase:
    """Every group of country, type and account, with how its numbers stand."""
    report = _report(request, with_quiet=True, permission=Permission.EXPORT)
    as_of = timezone.now().isoformat(timespec="seconds")
    header = [
        "Country (country)", "Type (number_type)", "Account (account_sid)", "Account name (account)",
        *(f"{label.word}, derived ({code})" for code, label in STANDINGS.items()), "Numbers (numbers)",
        "As of (as_of)",
    ]  # fmt: skip
    return csv_response("compliance-report", header, _cells(report.groups, as_of))


@require_GET
@allowed(Permission.VIEW)
def standing_rule(request: StaffRequest) -> HttpResponse:
    """How a number's standing is worked out (UX-42)."""
    by_standing = [
        (label, MEANINGS[code], [reason for reason in REASONS.values() if reason.standing == code])
        for code, label in STANDINGS.items()
    ]
    context = {"standings": by_standing, "review_days": REVIEW_DAYS}
    return page(request, "compliance/mapping/standing_rule.html", context)


def _report(request: StaffRequest, **options: Any) -> Report:
    return report_of(
        request.access,
        {account.pk: str(account) for account in visible_accounts(request)},
        country=request.GET.get("country", ""),
        account_sid=request.GET.get("account", ""),
        **options,
    )


def _cells(groups: Any, as_of: str) -> Iterator[list[Any]]:
    for group in sorted(groups, key=lambda group: group.key):
        country, _, number_type = group.key.partition(".")
        for part in sorted(group.parts, key=lambda part: part.label):
            yield [country, number_type, part.filters["account"], part.label, *_counts(part), as_of]


def _counts(line: Line) -> list[int]:
    return [*(figure.count for figure in line.figures), line.total]


def _toggle_url(request: StaffRequest, key: str) -> str:
    opened = [other for other in request.GET.getlist("open") if other != "all"]
    opened = [other for other in opened if other != key] if key in opened else [*opened, key]
    return _url(request, open=opened)


def _url(request: StaffRequest, **changes: list[str]) -> str:
    params = {name: request.GET.getlist(name) for name in ("country", "account", "quiet", "open")} | changes
    return f"?{urlencode({name: values for name, values in params.items() if any(values)}, doseq=True)}"
