"""Host the messages of numbers that stay elsewhere (journey J-8), with the owner and the signer at hand."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage
from tests.browser.running import RunningPortal
from tests.browser.test_webhook_journey import ask
from tests.browser.walks import Walk

# Area codes in which the sandbox's data has nothing, and last digits of numbers that can be hosted.
CODES = ("605", "701", "802")
ENDINGS = (*range(20), *range(35, 50), *range(80, 90))
HUNDRED = [f"+1{code}55501{ending:02d}" for code in CODES for ending in ENDINGS][:100]
BATCH = re.compile("/batches/[0-9a-f-]{36}/$")


class Others:
    """The owner who is called, the signer and the carrier."""

    def __init__(self, url: str) -> None:
        self._url = url

    def orders(self, status: str = "") -> list[dict[str, Any]]:
        query = f"?status={status}" if status else ""
        found = ask(self._url, "GET", f"/_sandbox/hosted-orders{query}")["hosted_orders"]
        return [one for one in found if one["phone_number"] in HUNDRED]

    def order(self, number: str) -> dict[str, Any]:
        return next(one for one in self.orders() if one["phone_number"] == number)

    def act(self, number: str, act: str, **more: str) -> None:
        body = json.dumps({"act": act, **more})
        ask(self._url, "POST", f"/_sandbox/hosted-orders/{self.order(number)['sid']}", body)

    def sign(self, sid: str) -> None:
        body = json.dumps({"act": "sign"})
        ask(self._url, "POST", f"/_sandbox/authorization-documents/{sid}", body)

    def be_patient(self, automatic: bool) -> None:
        ask(self._url, "POST", "/_sandbox/hosting", json.dumps({"automatic": automatic}))


@pytest.fixture
def others(portal: RunningPortal) -> Iterator[Others]:
    others = Others(portal.sandbox.url)
    others.be_patient(automatic=False)
    yield others
    others.be_patient(automatic=True)


def until_listed(page: Page, path: str, count: int) -> None:
    """Look again until a list has so many rows: callbacks arrive within seconds."""
    for _ in range(60):
        page.goto(path)
        if page.locator("[data-row-link]").count() == count:
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{path} never had {count} rows")


def test_a_hundred_numbers_are_checked_ordered_called_and_signed_for(open_page: OpenPage, others: Others):
    page = open_page("porting")
    page.goto("/")
    walk = Walk(page)
    navigation = page.get_by_role("navigation", name="Main")
    walk.press(navigation.get_by_role("link", name="Check and order", exact=True))
    page.get_by_role("textbox", name="Numbers").fill("\n".join([*HUNDRED, "+16055550120", "reception"]))
    assert_good(page)
    walk.press(page.get_by_role("button", name="Check eligibility"))

    create = page.get_by_role("button", name="Create 100 orders")
    expect(create).to_be_visible(timeout=60_000)
    expect(page.get_by_role("main")).to_contain_text("The carrier does not allow it: 1")
    expect(page.get_by_role("main")).to_contain_text("1 line not used")
    assert_good(page)
    walk.press(create)
    expect(page.get_by_role("alert").filter(has_text="There is a problem")).to_be_focused()
    assert_good(page)
    page.get_by_label("Service address").select_option(index=1)
    page.get_by_label("E-mail of the authorized user").fill("owner@example.com")
    page.get_by_label("Phone of the authorized user").fill("+1 605 555 0199")
    page.get_by_label("Title of the authorized user").fill("Office manager")
    walk.press(page.get_by_role("button", name="Create 100 orders"))
    expect(page).to_have_url(BATCH)
    expect(page.get_by_role("main")).to_contain_text("100 of 100", timeout=120_000)
    assert walk.clicks - 1 <= 6, "one of them was a slip"
    assert len(others.orders()) == 100

    first, second = HUNDRED[:2]
    for number in (first, second):
        others.act(number, "process")
    prefix = "/porting/hosting/orders/?q=%2B160555501&status="
    until_listed(page, f"{prefix}received", 2)
    assert_good(page)
    call(page, others, first, by=page.get_by_role("link", name=re.compile("Call room for .*0100")))
    call(page, others, second, by=page.get_by_role("link", name="Next number"))
    letter = send_letter(page, prefix)
    revoke_and_send_again(page, others, letter)
    come_to_an_end(page, others, prefix, first)


def call(page: Page, others: Others, number: str, *, by: Any) -> None:
    """From a list, or from the call before, to a verified number."""
    walk = Walk(page)
    walk.press(by)
    expect(page.get_by_role("heading", level=1)).to_have_text("Call room")
    if not page.url.endswith(f"{others.order(number)['sid']}/call/"):
        page.goto(f"/porting/hosting/orders/{others.order(number)['sid']}/call/")
    assert_good(page)
    walk.press(page.get_by_role("button", name="Call now"))
    expect(page.locator("p.code")).to_be_visible()
    code = others.order(number)["verification_code"]
    expect(page.locator("p.code")).to_contain_text(code)
    expect(page.locator("[data-countdown]")).to_contain_text(re.compile(r"9:\d\d left|10:00 left"))
    assert_good(page)
    others.act(number, "press", code=code)
    expect(page.get_by_role("main")).to_contain_text("The code was right.")
    assert_good(page)
    assert walk.clicks <= 3


def send_letter(page: Page, prefix: str) -> str:
    until_listed(page, f"{prefix}verified", 2)
    page.get_by_label("Tick every order on this page").check()
    page.get_by_role("button", name="Letter of authorization").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Letter of authorization for 2 numbers")
    expect(page.get_by_role("main")).not_to_contain_text("owner@example.com")
    assert_good(page)
    page.get_by_role("button", name="Send the letter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Letter for 2 numbers")
    expect(page.get_by_role("main")).to_contain_text("Day 1 of 7")
    assert_good(page)
    return page.url


def revoke_and_send_again(page: Page, others: Others, letter: str) -> None:
    page.get_by_role("link", name="Revoke", exact=True).click()
    assert_good(page)
    page.get_by_role("button", name="Revoke and write a new one").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Letter of authorization for 2 numbers")
    assert_good(page)
    page.get_by_role("button", name="Send the letter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Letter for 2 numbers")
    assert page.url != letter
    others.sign(page.url.rstrip("/").rpartition("/")[2])


def come_to_an_end(page: Page, others: Others, prefix: str, number: str) -> None:
    """Signed, with the carrier, hosted; and what it means to stop that."""
    until_listed(page, f"{prefix}carrier_processing", 2)
    others.act(number, "complete")
    until_listed(page, f"{prefix}completed", 1)
    page.locator("[data-row-link]").click()
    expect(page.get_by_role("main")).to_contain_text("Completed")
    assert_good(page)
    sid = others.order(number)["sid"]
    page.goto(f"/porting/hosting/orders/{sid}/release/")
    assert_good(page)
    others.act(HUNDRED[2], "process")
    until_listed(page, f"{prefix}received", 1)
    page.locator("[data-row-link]").click()
    page.get_by_role("link", name="Delete", exact=True).click()
    assert_good(page)
    page.get_by_role("button", name="Delete at Twilio").click()
    expect(page.locator("#messages")).to_contain_text("Deleted at Twilio")
