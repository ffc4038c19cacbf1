"""The state of a sandbox: what is kept, what is built anew, the clock, and reset."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from portal.sandbox.clock import Clock, rfc2822
from portal.sandbox.core import NotASandbox, Sandbox
from portal.sandbox.dataset import build
from portal.sandbox.errors import ApiError
from portal.sandbox.faults import Fault
from tests.sandbox.conftest import NOON, Api, for_sale, owned


def open_file(tmp_path, numbers=100, clock=None):
    return Sandbox(tmp_path / "box.sqlite3", numbers=numbers, clock=clock or Clock.stopped_at(NOON))


def test_a_file_is_kept_between_runs(tmp_path):
    first = open_file(tmp_path)
    bought = Api(first, first.credentials).post("/IncomingPhoneNumbers", AreaCode="415")
    first.close()
    second = open_file(tmp_path)
    assert Api(second, second.credentials).get(f"/IncomingPhoneNumbers/{bought['sid']}").json == bought.json
    again = Api(second, second.credentials).post("/IncomingPhoneNumbers", AreaCode="415")
    assert again["sid"] != bought["sid"]
    second.close()


def test_another_number_of_numbers_or_version_builds_anew(tmp_path, monkeypatch):
    open_file(tmp_path).close()
    other = open_file(tmp_path, numbers=120)
    assert other.store.value("SELECT count(*) FROM number") == 120
    Api(other, other.credentials).post("/IncomingPhoneNumbers", AreaCode="415")
    other.close()
    monkeypatch.setattr(build, "VERSION", build.VERSION + 1)
    newer = open_file(tmp_path, numbers=120)
    assert newer.store.value("SELECT count(*) FROM number") == 120
    newer.close()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_file_that_is_no_sandbox_is_left_alone(tmp_path, content):
    path = tmp_path / "box.sqlite3"
    path.write_bytes(content)
    with pytest.raises(NotASandbox):
        open_file(tmp_path)
    assert path.read_bytes() == content


def test_the_clock_is_kept_with_the_file(tmp_path):
    real = Clock(lambda: NOON)
    first = open_file(tmp_path, clock=real)
    first.clock.advance(timedelta(days=3))
    first.close()
    second = open_file(tmp_path, clock=Clock(lambda: NOON + timedelta(hours=1)))
    assert second.clock.now() == NOON + timedelta(days=3, hours=1)
    second.clock.freeze()
    second.close()
    third = open_file(tmp_path, clock=Clock(lambda: NOON + timedelta(days=50)))
    assert third.clock.now() == NOON + timedelta(days=3, hours=1)
    assert third.clock.is_frozen
    third.close()


def test_the_traffic_of_an_older_file_ends_today(tmp_path):
    def latest(box):
        return box.store.value("SELECT max(at) FROM call")

    first = open_file(tmp_path, clock=Clock(lambda: NOON))
    before = latest(first)
    first.close()
    later = open_file(tmp_path, clock=Clock(lambda: NOON + timedelta(days=9)))
    assert latest(later) == before + 9 * 86_400
    later.clock.advance(timedelta(days=9))
    later.close()
    moved = open_file(tmp_path, clock=Clock(lambda: NOON + timedelta(days=20)))
    assert latest(moved) == before + 9 * 86_400
    moved.close()


def test_the_clock_can_be_moved_set_stopped_and_put_right():
    times = iter([NOON + timedelta(minutes=step) for step in range(20)])
    clock = Clock(lambda: next(times))
    assert clock.now() == NOON
    clock.advance(timedelta(days=1))
    assert clock.now() > NOON + timedelta(days=1)
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    assert clock.now().year == 2030
    clock.freeze()
    assert clock.now() == clock.now()
    clock.advance(timedelta(days=366))
    assert clock.now().year == 2031
    clock.resume()
    assert not clock.is_frozen
    assert clock.now().year == 2031
    clock.reset()
    assert clock.now().year == 2026


def test_dates_are_rfc_2822():
    assert rfc2822(1438298344) == "Thu, 30 Jul 2015 23:19:04 +0000"


def test_reset_brings_everything_back(sandbox, api):
    before = list(sandbox.dump("numbers"))
    number = owned(api)
    api.delete(f"/IncomingPhoneNumbers/{number['sid']}")
    sandbox.clock.advance(timedelta(days=40))
    sandbox.reset()
    assert sandbox.clock.now() == NOON
    assert list(sandbox.dump("numbers")) == before
    assert api.get(f"/IncomingPhoneNumbers/{number['sid']}").status == 200
    assert len(sandbox.journal.entries()) == 1


def test_reset_of_a_file_brings_everything_back(tmp_path):
    box = open_file(tmp_path)
    api = Api(box, box.credentials)
    bought = api.post("/IncomingPhoneNumbers", AreaCode="415")
    box.reset()
    assert api.get(f"/IncomingPhoneNumbers/{bought['sid']}").code == 20404
    box.close()


def test_many_threads_buy_each_number_once(sandbox, api):
    numbers = [for_sale(api, AreaCode=code) for code in ("415", "510", "212", "312", "206")]
    statuses: list[int] = []

    def buy_all():
        for number in numbers:
            statuses.append(api.post("/IncomingPhoneNumbers", PhoneNumber=number).status)

    threads = [Thread(target=buy_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 5 + [400] * 35


def test_it_can_be_changed_behind_the_back_of_whoever_is_tested(sandbox, api):
    number = owned(api)
    path = f"{api.base}/IncomingPhoneNumbers/{number['sid']}.json"
    sandbox.faults.add(Fault(kind="status", status=500))
    assert (
        sandbox.direct("POST", path, FriendlyName="changed elsewhere")["friendly_name"] == "changed elsewhere"
    )
    assert sandbox.direct("GET", f"{api.base}/IncomingPhoneNumbers.json?PageSize=1")["page_size"] == 1
    assert (
        sandbox.direct("GET", "/v1/PhoneNumbers/Countries/US", host="pricing.twilio.com")["iso_country"]
        == "US"
    )
    with pytest.raises(ApiError) as refused:
        sandbox.direct("POST", path, VoiceUrl="nowhere")
    assert refused.value.code == 21402
    assert sandbox.direct("DELETE", path) is None
    assert sandbox.journal.entries() == []
