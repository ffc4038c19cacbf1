"""Reading the sandbox into the mirror, and comparing the two."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery, current_app
from django.apps import apps
from django.db import connection
from django.db.models import Count

import compliance.tasks  # noqa: F401 (registers them)
import inventory.tasks  # noqa: F401
import porting.tasks  # noqa: F401
from portal.mirror import runs
from portal.models import AccountMirrored, SyncRun, TwilioAccount
from portal.sandbox.core import Sandbox

MODELS: dict[str, Any] = {
    "numbers": apps.get_model("inventory", "PhoneNumber"),
    "facets": apps.get_model("inventory", "NumberFacet"),
    "addresses": apps.get_model("inventory", "Address"),
    "applications": apps.get_model("inventory", "Application"),
    "prices": apps.get_model("inventory", "NumberPrice"),
    "regulations": apps.get_model("compliance", "Regulation"),
    "bundles": apps.get_model("compliance", "Bundle"),
    "end_users": apps.get_model("compliance", "EndUser"),
    "documents": apps.get_model("compliance", "SupportingDocument"),
    "items": apps.get_model("compliance", "ItemAssignment"),
    "evaluations": apps.get_model("compliance", "Evaluation"),
}


def sync(account: TwilioAccount, resource: str = "numbers") -> SyncRun:
    """Read a resource as a worker does, with the task's own code."""
    run = runs.request_run(account, resource, trigger=SyncRun.Trigger.COMMAND)
    current_app.tasks[f"sync_{resource}"](run.pk)
    run.refresh_from_db()
    return run


def complete(account: TwilioAccount, resource: str = "numbers") -> SyncRun:
    """The same, for a reading that must work."""
    run = sync(account, resource)
    assert run.state == SyncRun.State.DONE, run.error
    return run


def mirrored(account: TwilioAccount, resource: str = "numbers") -> list[dict[str, Any]]:
    """What the mirror has of Twilio's objects, by sid."""
    rows = MODELS[resource].objects.present().filter(account=account)
    return sorted((row.payload for row in rows), key=lambda payload: payload["sid"])


def truth(twilio: Sandbox, account: TwilioAccount, resource: str = "numbers") -> list[dict[str, Any]]:
    """What Twilio has."""
    return [json.loads(line) for line in twilio.dump(resource, account.pk)]


def versions(model: type[AccountMirrored]) -> list[tuple[Any, ...]]:
    """Which version of each row Postgres holds, and where: any write shows, even one that changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sid, xmin::text, ctid::text FROM {model._meta.db_table} ORDER BY sid")
        return list(cursor.fetchall())


def facets_are_right() -> bool:
    """Whether the counts that lists rely on are those of the numbers there are."""
    counted = MODELS["facets"].objects.exclude(count=0).values_list("pk", "count")
    numbers = MODELS["numbers"].objects.present().order_by()
    return dict(counted) == dict(numbers.values_list("facet_id").annotate(count=Count("pk")))


@contextmanager
def broker_away() -> Iterator[None]:
    """Celery with nobody at the broker's address."""
    before = current_app._get_current_object()
    away = Celery("away", set_as_current=True)
    away.config_from_object("django.conf:settings", namespace="CELERY")
    away.conf.broker_url = "redis://127.0.0.1:1/0"
    try:
        yield
    finally:
        before.set_current()
        away.close()


def change(twilio: Sandbox, account: TwilioAccount, sid: str, **settings: str) -> dict[str, Any]:
    """Change a number at Twilio, behind our back."""
    answer = twilio.direct(
        "POST", f"/2010-04-01/Accounts/{account.pk}/IncomingPhoneNumbers/{sid}.json", **settings
    )
    assert answer["sid"] == sid, answer
    return dict(answer)


def release(twilio: Sandbox, account: TwilioAccount, sid: str) -> None:
    """Release a number at Twilio, behind our back."""
    twilio.direct("DELETE", _path(account, f"IncomingPhoneNumbers/{sid}"))


def buy(twilio: Sandbox, account: TwilioAccount, count: int = 1) -> list[str]:
    """Buy numbers at Twilio, behind our back; their sids."""
    offers = twilio.direct("GET", _path(account, "AvailablePhoneNumbers/US/Local"))
    path = _path(account, "IncomingPhoneNumbers")
    return [
        twilio.direct("POST", path, PhoneNumber=offer["phone_number"])["sid"]
        for offer in offers["available_phone_numbers"][:count]
    ]


def _path(account: TwilioAccount, rest: str) -> str:
    return f"/2010-04-01/Accounts/{account.pk}/{rest}.json"


def releasable(twilio: Sandbox, account: TwilioAccount) -> list[str]:
    """Sids of numbers that nothing keeps from being released, newest first."""
    return [
        number["sid"]
        for number in truth(twilio, account)
        if not number["emergency_address_sid"] and number["status"] == "in-use"
    ]
