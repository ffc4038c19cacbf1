"""A verdict of Twilio's reaches the portal by callback within seconds, and the inbox tells of it."""

import base64
import json
import re
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage
from tests.browser.running import RunningPortal


def ask(url: str, method: str, path: str, body: str | None = None, **headers: str) -> Any:
    door = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        door.request(method, path, body, headers)
        answer = door.getresponse()
        text = answer.read().decode()
        assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
        return json.loads(text)
    finally:
        door.close()


@pytest.fixture
def bundle(portal: RunningPortal) -> str:
    """A bundle under review that tells the portal what becomes of it."""
    twilio = portal.sandbox.url
    bundle = ask(twilio, "GET", "/_sandbox/bundles?status=pending-review")["bundles"][0]
    accounts = {keys["account_sid"]: keys for keys in ask(twilio, "GET", "/_sandbox/")["accounts"]}
    keys = accounts[bundle["account_sid"]]
    signed = base64.b64encode(f"{keys['account_sid']}:{keys['auth_token']}".encode()).decode()
    ask(
        twilio,
        "POST",
        f"/numbers.twilio.com/v2/RegulatoryCompliance/Bundles/{bundle['sid']}",
        urlencode({"StatusCallback": f"{portal.url}/webhooks/bundles/"}),
        **{"Authorization": f"Basic {signed}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    return str(bundle["sid"])


def test_a_verdict_is_told_read_and_shown_in_the_inbox(
    open_page: OpenPage, portal: RunningPortal, bundle: str
):
    verdict = json.dumps({"status": "twilio-rejected", "code": 18002, "reason": "The names differ"})
    ask(portal.sandbox.url, "POST", f"/_sandbox/bundles/{bundle}", verdict)
    page = open_page("admin")
    row = page.locator("tbody tr", has_text="Bundle status: twilio-rejected")

    def is_done() -> bool:
        page.goto(f"/deliveries/?q={bundle}&state=done")
        return row.count() == 1

    for _ in range(40):
        if is_done():
            break
        page.wait_for_timeout(500)
    expect(row).to_contain_text("Signed by Twilio")
    expect(row).to_contain_text("Changed: status")
    assert_good(page)

    row.locator("[data-row-link]").click()
    expect(page.get_by_role("main")).to_contain_text(re.compile("pending-review|in-review"))
    expect(page.get_by_role("main")).to_contain_text("Why it was rejected is kept with the bundle.")
    expect(page.get_by_role("main")).not_to_contain_text("The names differ")
    assert_good(page)

    page.get_by_role("link", name=re.compile("^Reveal")).click()
    page.get_by_label(re.compile("^Why do you need")).fill("Ticket 4711")
    page.get_by_role("button", name="Show for 5 minutes").click()
    expect(page.locator("#masked-body")).to_contain_text("FailureReason=The+names+differ")
    assert_good(page)

    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("main")).to_contain_text("Replayed")
    assert_good(page)


def test_a_forgery_is_refused_and_says_what_to_check(open_page: OpenPage, portal: RunningPortal):
    door = HTTPConnection(urlsplit(portal.url).netloc, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "forged"}
    door.request("POST", "/webhooks/bundles/", urlencode({"BundleSID": "BU" + "0" * 32}), headers)
    assert door.getresponse().status == 403
    door.close()

    page = open_page("admin")
    page.goto("/deliveries/?verdict=bad-signature")
    page.locator("[data-row-link]").first.click()
    expect(page.get_by_role("heading", name="Refused: signature does not match")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("PUBLIC_URL")
    assert_good(page)
