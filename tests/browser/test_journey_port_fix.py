"""J-7: a losing carrier rejected numbers; they are corrected and filed again."""

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage
from tests.browser.walks import Walk

# Codes that are about a value which is typed once for the request.
CORRECTABLE = {"22153": "Customer name", "22156": "Account number"}


def rejected_request(page: Page) -> tuple[str, str]:
    """A request with numbers that were rejected for one of these codes, and the code."""
    page.goto("/port-ins/?turn=us&size=200")
    links = [str(link.get_attribute("href")) for link in page.locator("[data-row-link]").all()]
    for path in links:
        page.goto(f"{path}?show=port_rejected")
        text = page.get_by_role("main").inner_text()
        if code := next((code for code in CORRECTABLE if code in text), None):
            return path, code
    raise AssertionError("The demo has no request that was rejected for a name or an account number.")


def test_rejected_numbers_are_corrected_and_filed_again(open_page: OpenPage):
    page = open_page("porting")
    path, code = rejected_request(page)
    page.goto(path)
    assert_good(page)
    page.goto("/")
    walk = Walk(page)
    waiting = page.get_by_role("listitem").filter(has_text="wait for us")
    walk.press(waiting.get_by_role("link"))
    walk.press(page.locator(f"a[href='{path}fix/']"))
    group = page.get_by_role("region", name=re.compile(code))
    expect(group).to_contain_text("Ask for the")
    assert_good(page)
    group.get_by_label(CORRECTABLE[code]).fill("AZ-4711 Corrected")
    for field in page.get_by_label("Street", exact=False).all():  # some were rejected for the address, too
        field.fill("21 Example Road")
    today = datetime.now(UTC).date()
    bill = page.get_by_role("group", name=re.compile("Date of the bill"))
    for part in ("Day", "Month", "Year"):
        bill.get_by_label(part).fill(str(getattr(today, part.lower())))
    page.get_by_label("The bill shows name").check()
    walk.press(page.get_by_role("button", name="Preview"))

    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you cancel and file again")
    expect(page.get_by_role("table")).to_contain_text("AZ-4711 Corrected")
    assert_good(page)
    walk.press(page.get_by_role("button", name=re.compile(r"^Cancel \d+ numbers? and file the new request")))
    expect(page.get_by_role("heading", level=1)).to_have_text("Port-in request filed", timeout=30_000)
    assert_good(page)
    assert walk.clicks <= 4
    assert len(walk.pages) <= 4, walk.pages

    page.get_by_label("E-mail it to").check()
    page.get_by_role("button", name="Add this note").click()
    expect(page.get_by_role("region", name="Tell the customer")).to_contain_text("Sent to the customer")
    assert_good(page)
    page.goto(path)
    expect(page.get_by_role("main")).to_contain_text("Rejected numbers of it were filed again with")
    expect(page.get_by_role("region", name="What happened")).to_contain_text("Sent to the customer")
    assert_good(page)


def test_a_note_for_the_customer_is_mailed_by_a_press_of_its_own(open_page: OpenPage):
    page = open_page("porting")
    page.goto("/port-ins/")
    page.locator("[data-row-link]").first.click()
    page.get_by_role("textbox", name="Note").fill("The bill has arrived.")
    page.get_by_label("For the customer").check()
    page.get_by_text("Attach a file").click()
    assert_good(page)
    page.get_by_role("button", name="Add note").click()
    history = page.get_by_role("region", name="What happened")
    expect(history).to_contain_text("For the customer, not sent")
    history.get_by_role("link", name="E-mail it to the customer").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("E-mail a note to the customer")
    assert_good(page)
    page.get_by_role("button", name="E-mail this note to the customer").click()
    expect(history).to_contain_text("Sent to the customer")
    page.get_by_role("link", name="Change our ticket").click()
    page.get_by_label("Our ticket").fill("https://desk.example.com/tickets/4711")
    assert_good(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="https://desk.example.com/tickets/4711")).to_be_visible()


def test_deadlines_calendar_and_webhooks_are_good_to_everybody(open_page: OpenPage):
    page = open_page("porting")
    for path in ("/porting/deadlines/", "/port-ins/calendar/", "/porting/webhooks/"):
        page.goto(path)
        assert_good(page)
    page.locator("[data-row-link]").first.click()
    assert_good(page)
