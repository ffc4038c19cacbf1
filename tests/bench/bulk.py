"""What changing a thousand numbers costs of our own time, beside the SDK making the same calls bare."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

from tests.bench.sync import line

ROWS = 1_000


def measure(keys: dict[str, str]) -> Iterator[dict[str, object]]:
    import django

    django.setup()
    from inventory.bulk.actions import carry_out_update, freeze_numbers, set_change
    from inventory.bulk.change import Change
    from inventory.bulk.kinds import UPDATE_NUMBERS
    from inventory.models import PhoneNumber
    from portal.batches import asking, runner
    from portal.models import BatchItem, User

    rows = PhoneNumber.objects.present().filter(account=keys["account_sid"], voice=True)
    author = User.objects.get(email="support@example.com")
    chosen = list(rows.order_by("phone_number").values_list("pk", flat=True)[:ROWS])

    bare = _bare(keys, chosen)
    yield line("floor: the SDK alone, fetch and update", bare * 1000, "ms CPU/row")

    began = time.perf_counter()
    batch = freeze_numbers(
        PhoneNumber.objects.filter(pk__in=chosen),
        kind=UPDATE_NUMBERS,
        author=author,
        draft_view="batch-detail",
    )
    set_change(batch, Change({"voice_url": f"https://voice.example.com/{uuid.uuid4()}"}, add_tags=("bench",)))
    yield line(f"freezing {ROWS:,} numbers and working out the preview", time.perf_counter() - began, "s")

    asking.confirm(batch, actor=author)
    cpu, wall = time.process_time(), time.perf_counter()
    runner.run(batch.pk, carry_out_update)
    cpu, wall = (time.process_time() - cpu) / ROWS, time.perf_counter() - wall
    done = batch.items.filter(state=BatchItem.State.DONE).count()
    yield line("items of the batch that were done", done, "rows")
    yield line("a change in a batch, our own CPU", cpu * 1000, "ms CPU/row", bare * 1000)
    yield line("a change in a batch, eight at a time", ROWS / wall, "rows/s")


def _bare(keys: dict[str, str], sids: list[str]) -> float:
    """CPU seconds of a fetch and an update of each number, through the SDK's own client."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    class ToSandbox(TwilioHttpClient):
        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            return super().request(method, url.replace("https:/", keys["url"], 1), *args, **kwargs)

    client = Client(keys["account_sid"], keys["auth_token"], http_client=ToSandbox())
    began = time.process_time()
    for sid in sids[:200]:
        client.incoming_phone_numbers(sid).fetch()
        client.incoming_phone_numbers(sid).update(voice_method="GET")
    return (time.process_time() - began) / 200
