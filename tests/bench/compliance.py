"""What the compliance report and the lists behind it cost, beside the same list without that filter."""

from collections.abc import Iterator

from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment

from tests.bench.lists import ROUNDS, _time


def measure() -> Iterator[dict[str, object]]:
    """The report over all numbers, opened and closed; then lists filtered by standing, in their sorts.

    The database holds numbers, addresses, regulations and bundles already.
    """
    from compliance.models import Bundle
    from inventory.models import PhoneNumber
    from portal.models import Role
    from tests.bench.sync import line
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
