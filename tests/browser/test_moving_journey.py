"""Give idle numbers back, or move them, with a second person's yes (journey J-9)."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import AskFor, OpenPage
from tests.browser.running import SandboxDoor
from tests.browser.walks import Walk, approve

BATCH = re.compile("/batches/[0-9a-f-]{36}/$")


def digits(text: str) -> str:
    return re.sub(r"[^+\d]", "", text)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_idle_numbers_are_released_once_a_second_person_agrees(
    open_page: OpenPage, four_eyes: AskFor, sandbox: SandboxDoor
):
    four_eyes("Release numbers")
    page = open_page("support")
    page.goto("/")
    walk = Walk(page)
    walk.press(page.get_by_role("navigation", name="Main").get_by_role("link", name="Reclaim risk"))
    page.get_by_label("Search this list").press_sequentially("+1 51")
    expect(page).to_have_url(re.compile("q="))
    idle = page.locator("[data-row-link]").all_inner_texts()
    page.get_by_label("Tick every number on this page").check()
    walk.press(page.get_by_role("button", name="Release", exact=True))

    heading(page, "Release numbers")
    expect(page.get_by_role("main")).to_contain_text("Can be had back until")
    kept = page.get_by_role("checkbox", checked=True).first
    stays = digits(str(kept.get_attribute("aria-label")))
    kept.uncheck()
    assert_good(page)
    taking_part = page.get_by_role("checkbox", checked=True)
    released = {digits(str(box.get_attribute("aria-label"))) for box in taking_part.all()}
    page.get_by_label("Reason").fill("Idle since spring")
    page.get_by_label("Type how many numbers you release").fill("1,000")
    walk.press(page.get_by_role("button", name="Ask for approval to release"))
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_be_focused()
    assert_good(page)
    page.get_by_label("Type how many numbers you release").fill(str(len(released)))
    walk.press(page.get_by_role("button", name="Ask for approval to release"))
    expect(page).to_have_url(BATCH)
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert walk.clicks - 1 <= 5, "one of them was a slip"
    assert_good(page)
    owned = {number["phone_number"] for number in sandbox.numbers()}
    assert {digits(number) for number in idle} <= owned

    approve(open_page("manager"), "Idle since spring")
    owned = {number["phone_number"] for number in sandbox.numbers()}
    assert released.isdisjoint(owned)
    assert stays in owned

    page.goto("/numbers/released/")
    rows = page.get_by_role("row").filter(has_text="Idle since spring")
    assert {digits(number) for number in rows.get_by_role("link").all_inner_texts()} == released
    expect(rows.first).to_contain_text("Day 0 of 10")
    assert_good(page)


def test_numbers_are_moved_to_another_account_once_a_second_person_agrees(
    open_page: OpenPage, four_eyes: AskFor, sandbox: SandboxDoor
):
    four_eyes("Move numbers to another account")
    page = open_page("support")
    page.goto("/")
    walk = Walk(page)
    walk.press(page.get_by_role("navigation", name="Main").get_by_role("link", name="Reclaim risk"))
    page.get_by_label("Search this list").press_sequentially("+1 61")
    expect(page).to_have_url(re.compile("q="))
    page.get_by_label("Tick every number on this page").check()
    walk.press(page.get_by_role("button", name="Move", exact=True))
    heading(page, "Move to another account")
    assert_good(page)
    page.get_by_label("Move to").select_option("Vantry Parcel")
    walk.press(page.get_by_role("button", name="Continue"))
    expect(page.get_by_role("heading", level=2, name=re.compile("United States, local"))).to_be_visible()
    assert_good(page)
    walk.press(page.get_by_role("button", name="Check the move"))
    heading(page, "Check before you move")
    assert_good(page)
    taking_part = page.get_by_role("checkbox", checked=True)
    moved = {digits(str(box.get_attribute("aria-label"))) for box in taking_part.all()}
    page.get_by_label("Reason").fill("Vantry's from now on")
    walk.press(page.get_by_role("button", name="Ask for approval to move"))
    expect(page).to_have_url(BATCH)
    assert walk.clicks <= 5

    approve(open_page("manager"), "Vantry's from now on")
    accounts = {number["phone_number"]: number["account_sid"] for number in sandbox.numbers()}
    assert len({accounts[number] for number in moved}) == 1
