"""Find a number, check what it asks for and costs, and buy it (journey J-5)."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import AskFor, OpenPage
from tests.browser.running import SandboxDoor
from tests.browser.walks import Walk, approve

CHECK = re.compile("/numbers/buy/check/")
BATCH = re.compile("/batches/")


def carried_out(page: Page) -> None:
    """Wait for the batch, with scripts by looking on and without by loading it again."""
    for _ in range(40):
        if page.get_by_text("Ended", exact=True).first.is_visible():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.inner_text("main"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_number_is_found_and_bought_in_five_clicks(
    open_page: OpenPage, sandbox: SandboxDoor, scripts: bool
):
    page = open_page("support", java_script_enabled=scripts)
    page.goto("/")
    walk = Walk(page)
    walk.press(page.get_by_role("navigation", name="Main").get_by_role("link", name="Buy numbers"))
    walk.press(page.get_by_role("link", name="United States, Local", exact=True))
    row = page.locator(".found tbody tr").filter(has=page.get_by_role("button")).first
    number = row.locator("th .tn").inner_text()
    walk.press(row.get_by_role("button", name="Buy"))
    expect(page).to_have_url(CHECK)
    expect(page.get_by_text("Nothing is bought yet.")).to_be_visible()
    expect(page.locator("main")).to_contain_text(number)
    walk.press(page.get_by_role("button", name="Buy 1 number for"))
    if not scripts:
        expect(page).to_have_url(BATCH)
        carried_out(page)
        walk.press(page.get_by_role("link", name=number))

    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    assert walk.clicks <= 5
    *asked_for, own = walk.pages
    assert len(asked_for) <= 3, walk.pages
    assert own.startswith("/numbers/PN"), "its page comes by itself, with scripts"
    expect(page.locator(".timeline")).to_contain_text("Bought")
    e164 = re.sub(r"[^+\d]", "", number)
    assert [n["phone_number"] for n in sandbox.numbers()].count(e164) == 1

    page.go_back()
    expect(page).to_have_url(BATCH)
    page.go_back()
    expect(page).to_have_url(BATCH)


def test_a_purchase_waits_for_a_second_person(open_page: OpenPage, four_eyes: AskFor, sandbox: SandboxDoor):
    four_eyes("Buy numbers")
    page = open_page("support")
    page.goto("/")
    walk = Walk(page)
    walk.press(page.get_by_role("navigation", name="Main").get_by_role("link", name="Buy numbers"))
    walk.press(page.get_by_role("link", name="Canada, Local", exact=True))
    row = page.locator(".found tbody tr").filter(has=page.get_by_role("button")).first
    number = row.locator("th .tn").inner_text()
    walk.press(row.get_by_role("button", name="Buy"))
    page.get_by_label("Reason").fill("A desk in Montreal")
    assert_good(page)
    walk.press(page.get_by_role("button", name="Ask for approval"))
    expect(page).to_have_url(BATCH)
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    assert walk.clicks <= 5
    assert len(walk.pages) <= 3, walk.pages
    e164 = re.sub(r"[^+\d]", "", number)
    assert e164 not in [n["phone_number"] for n in sandbox.numbers()]

    approver = open_page("manager")
    approve(approver, "A desk in Montreal")
    assert [n["phone_number"] for n in sandbox.numbers()].count(e164) == 1


def test_several_numbers_of_two_countries_are_bought_with_their_papers(open_page: OpenPage):
    page = open_page("porting")
    page.goto("/numbers/buy/?country=GB&type=local")
    for box in page.get_by_role("checkbox", name="Choose").all()[:2]:
        box.check()
    page.get_by_role("button", name="Put the ticked into the cart").click()
    expect(page.locator("#messages")).to_contain_text("2 numbers are in the cart.")
    page.get_by_role("combobox", name="Country").select_option("US")
    page.get_by_role("link", name="Toll-free").click()
    page.get_by_label("or the first").fill("1")
    page.get_by_role("button", name="Pick for me").click()
    page.get_by_role("link", name="Cart 3 numbers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cart")

    page.get_by_role("button", name="Continue").click()
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_contain_text("Choose an address for United Kingdom, local")
    expect(summary).to_contain_text("Choose a bundle for United Kingdom, local")
    expect(summary).to_be_focused()
    page.get_by_role("combobox", name="Address").select_option(index=1)
    page.get_by_role("combobox", name="Bundle").select_option(index=1)
    page.get_by_label("Name (optional)", exact=True).fill("Desk {place}")
    assert_good(page)
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(CHECK)
    expect(page.get_by_role("heading", name="United Kingdom, local")).to_be_visible()
    assert_good(page)

    page.get_by_role("button", name="Buy 3 numbers").dblclick()
    expect(page).to_have_url(BATCH)
    carried_out(page)
    expect(page.get_by_role("link", name="Done 3")).to_be_visible()
    assert_good(page)


def test_the_meaning_of_a_pattern_is_told_while_it_is_typed(open_page: OpenPage):
    page = open_page("support")
    page.goto("/numbers/buy/?country=US&type=local")
    page.get_by_label("Pattern", exact=True).press_sequentially("help$")
    expect(page.locator("#pattern-help")).to_contain_text("Finds numbers that end in 4357 (HELP).")
    page.get_by_label("Pattern", exact=True).press("Enter")
    expect(page).to_have_url(re.compile(r"pattern=help%24"))
    expect(page.locator(".found mark").first).to_have_text("4357")
    page.go_back()
    expect(page.get_by_label("Pattern", exact=True)).to_have_value("")


def test_while_twilio_is_down_the_search_is_kept(open_page: OpenPage, sandbox: SandboxDoor):
    page = open_page("support")
    sandbox.script(kind="status", status=503, path="*/AvailablePhoneNumbers/*")
    page.goto("/numbers/buy/?country=CA&type=local&pattern=%2B1604")
    expect(page.locator("#buying")).to_contain_text("Unavailable: Twilio could not be asked")
    expect(page.get_by_label("Pattern", exact=True)).to_have_value("+1604")
    assert_good(page)

    sandbox.forget_faults()
    page.get_by_role("link", name="ask again").click()
    expect(page.locator(".found mark").first).to_have_text("+1604"[1:])


def test_a_gone_number_leads_back_to_similar_ones(open_page: OpenPage, sandbox: SandboxDoor):
    page = open_page("support")
    page.goto("/numbers/buy/?country=US&type=local&area_code=415")
    page.locator(".found").get_by_role("button", name="Buy").first.click()
    sandbox.script(
        kind="status", status=400, method="POST", path="*/IncomingPhoneNumbers.json", times=1
    )  # Twilio's answer names no code
    page.get_by_role("button", name="Buy 1 number for").click()
    expect(page).to_have_url(BATCH)
    carried_out(page)
    expect(page.get_by_text("Nothing was bought.")).to_be_visible()
    expect(page.get_by_role("button", name="Try 1 again")).to_be_visible()
