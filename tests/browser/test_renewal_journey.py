"""J-3: regulations changed, so bundles have a last day; copies are made together, taken over one by one."""

import re

from playwright.sync_api import expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage
from tests.browser.running import SandboxDoor
from tests.browser.walks import Walk


def test_updates_of_several_bundles_are_started_in_three_presses(open_page: OpenPage):
    page = open_page("compliance")
    page.goto("/deadlines/?update=none")
    assert_good(page)
    walk = Walk(page)
    rows = page.get_by_role("table").locator("tbody").get_by_role("checkbox")
    rows.nth(0).check()
    rows.nth(1).check()
    assert_good(page, ".selection")
    walk.press(page.get_by_role("button", name="Start updates"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you start")
    assert_good(page)
    walk.press(page.get_by_role("button", name="Start the ticked updates"))

    expect(page.locator(".number-meta")).to_contain_text("Ended", timeout=30_000)
    expect(page.get_by_role("table")).to_contain_text("Done")
    assert walk.clicks <= 3
    assert_good(page)
    page.goto("/deadlines/?update=any")
    page.get_by_role("table").locator("[data-row-link]").last.click()
    expect(page.get_by_role("list").filter(has=page.locator(".tracker__step"))).to_contain_text("Copy made")
    assert_good(page)


def test_an_approved_copy_is_taken_over_in_one_press(open_page: OpenPage, sandbox: SandboxDoor):
    page = open_page("compliance")
    page.goto("/deadlines/?update=approved")
    walk = Walk(page)
    walk.press(page.get_by_role("table").locator("[data-row-link]").first)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Update of")
    assert_good(page)
    sid = page.url.rstrip("/").rsplit("/", 1)[1]
    numbers = {number["sid"] for number in sandbox.numbers() if number["bundle_sid"] == sid}
    assert numbers
    page.get_by_text(re.compile("conditions are met")).click()
    assert_good(page)
    walk.press(page.get_by_role("button", name="Replace the items and delete the copy"))

    expect(page.locator("#messages")).to_contain_text("The bundle has no last day any more")
    expect(page.get_by_text("All 7 steps are done")).to_be_visible()
    assert walk.clicks <= 5
    assert_good(page)
    assert {number["sid"] for number in sandbox.numbers() if number["bundle_sid"] == sid} == numbers


def test_the_text_for_twilio_is_there_without_a_script(open_page: OpenPage):
    page = open_page("compliance")
    page.goto("/reviews/")
    assert_good(page)
    page.get_by_role("link", name=re.compile("^Text for Twilio about")).click()
    expect(page.get_by_role("textbox", name="The text")).to_contain_text("We ask for a decision")
    assert_good(page)
    page.get_by_label("Ticket number").fill("12345678")
    page.get_by_role("button", name="Write down that Twilio was told").click()
    expect(page.get_by_role("table").first).to_contain_text("ticket 12345678")
    assert_good(page)
