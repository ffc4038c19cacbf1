"""The control API and the status page, over HTTP, and the command that serves them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from portal.sandbox.dump import SOURCES
from tests.sandbox.conftest import Api, owned

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def control(server):
    """Calls the control API; answers (status, JSON)."""
    session = requests.Session()
    session.trust_env = False

    def call(method, path, body=None, /, **query):
        answer = session.request(method, f"{server.url}/_sandbox{path}", json=body, params=query, timeout=5)
        return answer.status_code, answer.json()

    yield call
    session.close()


@pytest.fixture
def page(server):
    """Reads the status page or presses one of its buttons."""
    session = requests.Session()
    session.trust_env = False

    def visit(**form):
        return session.post(server.url, data=form, timeout=5) if form else session.get(server.url, timeout=5)

    visit.session = session
    yield visit
    session.close()


def test_it_tells_who_can_sign_in(control, sandbox):
    status, answer = control("GET", "/")
    assert status == 200
    assert answer["accounts"][0]["auth_token"] == sandbox.credentials.auth_token
    assert len(answer["accounts"]) == 4
    assert answer["clock"] == {
        "now": "2026-06-15T12:00:00+00:00",
        "frozen": True,
        "offset": answer["clock"]["offset"],
    }


def test_faults_are_added_listed_and_removed(control, api):
    status, fault = control("POST", "/faults", {"kind": "status", "status": 503, "path": "*/Calls.json"})
    assert (status, fault["id"], fault["fired"]) == (200, 1, 0)
    assert api.get("/Calls").status == 503
    assert control("GET", "/faults")[1]["faults"][0]["fired"] == 1
    assert control("DELETE", "/faults/1")[1] == {"removed": True}
    assert control("DELETE", "/faults/1")[1] == {"removed": False}
    control("POST", "/faults", {"kind": "html"})
    assert control("DELETE", "/faults")[1] == {"faults": []}
    assert api.get("/Calls").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/faults", {"kind": "gremlin"}, 400),
        ("POST", "/faults", {"kind": "status", "colour": "red"}, 400),
        ("POST", "/faults", [1], 400),
        ("POST", "/clock", {"advance": "soon"}, 400),
        ("POST", "/clock", {"set": "tomorrow"}, 400),
        ("POST", "/clock", {"wind": 1}, 400),
        ("GET", "/dump/secrets", None, 400),
        ("GET", "/nothing", None, 404),
        ("POST", "/accounts/AC1", {"type": "Trial"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(control, method, path, body, status):
    refused, answer = control(method, path, body)
    assert refused == status
    assert answer["error"]


def test_the_journal_is_filtered_and_cleared(control, api):
    api.get("/IncomingPhoneNumbers", PageSize=2)
    api.post("/Addresses")
    assert [entry["method"] for entry in control("GET", "/journal")[1]["requests"]] == ["GET", "POST"]
    (entry,) = control("GET", "/journal", method="POST", status=400)[1]["requests"]
    assert (entry["path"], entry["code"], entry["committed"]) == (f"{api.base}/Addresses.json", 21628, False)
    assert control("GET", "/journal", since=entry["number"])[1]["requests"] == []
    assert len(control("GET", "/journal", limit=1)[1]["requests"]) == 1
    assert control("GET", "/journal", committed="true")[1]["requests"] == []
    control("DELETE", "/journal")
    assert control("GET", "/journal")[1] == {"requests": []}


def test_the_clock_is_moved(control):
    assert control("POST", "/clock", {"advance": 60})[1]["now"] == "2026-06-15T12:01:00+00:00"
    assert (
        control("POST", "/clock", {"advance": {"days": 2, "hours": 1}})[1]["now"]
        == "2026-06-17T13:01:00+00:00"
    )
    assert control("POST", "/clock", {"set": "2027-01-01T00:00:00Z"})[1]["now"] == "2027-01-01T00:00:00+00:00"
    assert control("POST", "/clock", {"freeze": False})[1]["frozen"] is False
    assert control("POST", "/clock", {"freeze": True})[1]["frozen"] is True
    assert control("POST", "/clock", {"reset": True})[1]["offset"] == 0
    assert control("POST", "/clock", {"reset": True, "advance": 9})[1]["offset"] == 9
    assert control("GET", "/clock")[1]["frozen"] is False


def test_an_account_is_put_on_trial(control, api, sub):
    assert control("POST", f"/accounts/{sub.account}", {"type": "Trial"})[0] == 200
    assert sub.get("")["type"] == "Trial"
    assert control("POST", f"/accounts/{sub.account}", {"restricted": True})[0] == 200


@pytest.mark.parametrize("resource", sorted(SOURCES))
def test_a_dump_is_the_truth_in_lines(server, sandbox, resource):
    answer = requests.get(f"{server.url}/_sandbox/dump/{resource}", timeout=20)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.content == b"".join(sandbox.dump(resource))
    sids = [json.loads(line)["sid"] for line in answer.text.splitlines()]
    assert sids == sorted(sids) != []


def test_a_dump_line_is_what_the_api_answers(api, server):
    answer = requests.get(f"{server.url}/_sandbox/dump/numbers", params={"account": api.account}, timeout=20)
    first = json.loads(answer.text.splitlines()[0])
    assert api.get(f"/IncomingPhoneNumbers/{first['sid']}").json == first


def test_reset_brings_the_data_set_back(control, api, sandbox):
    number = owned(api)
    api.delete(f"/IncomingPhoneNumbers/{number['sid']}")
    status, answer = control("POST", "/reset")
    assert (status, answer["requests"]) == (200, 0)
    assert api.get(f"/IncomingPhoneNumbers/{number['sid']}").status == 200


def test_the_page_shows_what_is_going_on(page, api, sandbox, control):
    api.get("/IncomingPhoneNumbers", PhoneNumber="555")
    control("POST", "/faults", {"kind": "slow", "seconds": 2, "path": "*/<script>*"})
    text = page().text
    for expected in (
        api.account,
        "Quillmere Care",
        "slow",
        "seconds 2.0",
        "Mon 15 Jun 2026, 12:00:00",
        "PhoneNumber=555",
    ):
        assert expected in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "http://127.0.0.1" in text


def test_everything_on_the_page_is_escaped(page, api):
    api.send("POST", "/2010-04-01/Accounts.json", form={"FriendlyName": '<img src=x onerror="alert(1)">'})
    api.get('/<b>"x"', {"<i>": "<u>"})
    text = page().text
    assert "<img" not in text
    assert "<b>" not in text
    assert "<i>" not in text
    assert "&lt;img" in text


def test_the_buttons_of_the_page_work(page, sandbox, control):
    assert page(action="advance", seconds="3600").status_code == 200
    assert sandbox.clock.now().hour == 13
    page(action="set", moment="2027-02-03T04:05")
    assert sandbox.clock.now().isoformat() == "2027-02-03T04:05:00+00:00"
    page(action="resume")
    assert not sandbox.clock.is_frozen
    page(action="freeze")
    assert sandbox.clock.is_frozen
    page(action="real")
    assert sandbox.clock.offset.total_seconds() == 0
    control("POST", "/faults", {"kind": "html"})
    page(action="remove-fault", id="1")
    assert sandbox.faults.list() == []
    control("POST", "/faults", {"kind": "html"})
    page(action="clear-faults")
    assert sandbox.faults.list() == []
    assert page(action="explode").status_code == 400
    assert page(action="set", moment="never").status_code == 400


def test_another_sites_page_gives_no_orders(server, sandbox, page):
    elsewhere = {"Origin": "https://evil.example.com"}
    refused = page.session.post(server.url, data={"action": "freeze"}, headers=elsewhere, timeout=5)
    assert refused.status_code == 403
    assert page.session.post(f"{server.url}/_sandbox/reset", headers=elsewhere, timeout=5).status_code == 403
    own = {"Origin": server.url}
    assert page.session.post(server.url, data={"action": "freeze"}, headers=own, timeout=5).status_code == 200


def test_what_lies_below_no_host_of_twilios_is_not_there(server, sandbox):
    assert requests.get(f"{server.url}/favicon.ico", timeout=5).status_code == 404
    assert requests.get(f"{server.url}/example.com/x", timeout=5).status_code == 404
    assert sandbox.journal.entries() == []


def test_it_listens_on_the_loopback_only(server):
    assert server.server_address[0] == "127.0.0.1"


def environment(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {**kept, "DATA_DIR": str(tmp_path / "data"), "LOCAL": "1"}


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path, stop):
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sandbox", "--port", "0", "--numbers", "50"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        first = json.loads(line)
        assert set(first) == {"url", "account_sid", "auth_token", "api_key", "api_secret"}
        answer = requests.get(
            f"{first['url']}/api.twilio.com/2010-04-01/Accounts/{first['account_sid']}.json",
            auth=(first["api_key"], first["api_secret"]),
            timeout=5,
        )
        assert answer.json()["sid"] == first["account_sid"]
        process.send_signal(stop)
        assert process.wait(timeout=5) == 0
    finally:
        process.kill()
        process.communicate()
    assert (tmp_path / "data" / "sandbox.sqlite3").exists()


def test_the_command_leaves_a_strange_file_alone(tmp_path):
    strange = tmp_path / "letter.txt"
    strange.write_text("Dear all")
    done = subprocess.run(
        [sys.executable, "manage.py", "sandbox", "--port", "0", "--db", str(strange)],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "is not a sandbox's file" in done.stderr
    assert strange.read_text() == "Dear all"


def test_the_door_in_the_process_reads_the_page_too(sandbox):
    from portal.sandbox.inprocess import SandboxAdapter

    session = requests.Session()
    session.mount("http://sandbox.test", SandboxAdapter(sandbox))
    assert "Twilio sandbox" in session.get("http://sandbox.test/").text
    assert session.get("http://sandbox.test/_sandbox/clock").json()["frozen"] is True
    assert Api(sandbox, sandbox.credentials).get("").status == 200
