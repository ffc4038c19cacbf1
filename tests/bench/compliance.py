"""What the compliance report, the lists behind it and mapping in bulk cost."""

import functools
import operator
import time
from collections.abc import Iterator

from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import setup_test_environment

from tests.bench.sync import line

ROWS = 1_000


def measure() -> Iterator[dict[str, object]]:
    """The report over all numbers, opened and closed; lists filtered by standing; a bundle for many numbers.

    The database holds numbers, addresses, regulations and bundles already.
    """
    import django

    django.setup()
    from compliance.models import Bundle
    from inventory.models import PhoneNumber
    from portal.models import Role
    from tests.bench.lists import ROUNDS, _time
    from tests.factories import make_user

    setup_test_environment()
    with connection.cursor() as cursor:
        for table in ("inventory_phonenumber", "compliance_bundle", "inventory_address"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    client = Client()
    client.force_login(make_user(Role.MANAGER))
    yield line("numbers that the report is over", PhoneNumber.objects.present().count(), "rows")
    yield line("bundles", Bundle.objects.present().count(), "rows")
    floor = _time(client, "no filter", [{}] * ROUNDS, None)["value"]
    yield _time(client, "report", [{}] * ROUNDS, floor, path="/compliance/report/")
    opened = [{"open": "all", "quiet": "1"}] * ROUNDS
    yield _time(client, "report with accounts", opened, floor, path="/compliance/report/")
    for name, filters in {
        "not compliant": {"standing": "not_compliant"},
        "compliant": {"standing": "compliant"},
        "nothing asked": {"standing": "not_required"},
        "no bundle": {"why": "no-bundle"},
        "compliant of one country": {"standing": "compliant", "country": "DE"},
        "not compliant and a word": {"standing": "not_compliant", "q": "office"},
    }.items():
        for sort in ("number", "-number", "name", "-added"):
            requests = [{**filters, "sort": sort}] * ROUNDS
            yield _time(client, f"{name}, by {sort}", requests, floor)
    yield from _assignment()


def _assignment() -> Iterator[dict[str, object]]:
    """Bundles for numbers that have none, in one batch: its preview, then Twilio's answers, row by row."""
    from compliance.mapping.actions import Papers
    from compliance.mapping.bulk import carry_out_assignment, groups_of, plan_assignment
    from compliance.mapping.kinds import ASSIGN_BUNDLES
    from compliance.mapping.offers import still_usable
    from compliance.models import Bundle
    from inventory.bulk.actions import freeze_numbers
    from inventory.models import PhoneNumber
    from portal.batches import asking, runner
    from portal.models import BatchItem, User

    kinds = still_usable(Bundle.objects.all()).values_list(
        "account", "regulation__iso_country", "regulation__number_type"
    )
    fits = functools.reduce(
        operator.or_,
        (Q(account=account, country=country, number_type=type_) for account, country, type_ in set(kinds)),
    )
    lacking = PhoneNumber.objects.present().filter(fits, bundle_sid=None).order_by("phone_number")
    began = time.perf_counter()
    batch = freeze_numbers(
        PhoneNumber.objects.filter(pk__in=list(lacking.values_list("pk", flat=True)[:ROWS])),
        kind=ASSIGN_BUNDLES,
        author=User.objects.get(email="compliance@example.com"),
        draft_view="compliance:bulk-assign",
    )
    groups = groups_of(batch, {})
    plan_assignment(
        batch,
        groups,
        {
            group.key: Papers(
                group.bundles[0][0] if group.bundles else "", group.addresses[0][0] if group.addresses else ""
            )
            for group in groups
        },
    )
    yield line(
        f"freezing {batch.items.count():,} numbers and planning bundles", time.perf_counter() - began, "s"
    )
    batch.items.filter(detail__possible=True).update(state=BatchItem.State.WAITING)
    rows = batch.items.filter(state=BatchItem.State.WAITING).count()
    asking.confirm(batch, actor=batch.author)
    cpu, wall = time.process_time(), time.perf_counter()
    runner.run(batch.pk, carry_out_assignment)
    cpu, wall = (time.process_time() - cpu) / rows, time.perf_counter() - wall
    yield line("numbers that got a bundle", batch.items.filter(state=BatchItem.State.DONE).count(), "rows")
    yield line("of", rows, "rows")
    yield line("mapping in a batch, our own CPU", cpu * 1000, "ms CPU/row")
    yield line("mapping in a batch, eight at a time", rows / wall, "rows/s")
