"""From a pasted list and a bill to a filed request, in a dozen presses at most (journey J-6)."""

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import uploads
from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage
from tests.browser.running import SandboxDoor
from tests.browser.walks import Walk

CHECK = re.compile(r"/port-ins/checks/[0-9a-f-]+/")
FILED = re.compile(r"/port-ins/drafts/[0-9a-f-]+/filed/")


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    """A telephone bill of two pages that nobody got."""
    path = tmp_path / "bill.pdf"
    path.write_bytes(uploads.bill_pdf(2))
    return path


def fill_in(page: Page, values: dict[str, str]) -> None:
    for label, value in values.items():
        page.get_by_role("textbox", name=label, exact=True).fill(value)


def checked(page: Page) -> None:
    """Wait for the answers, with scripts by looking on and without by loading the page again."""
    for _ in range(60):
        if page.locator("#requests").is_visible():
            return
        page.wait_for_timeout(500)
        if not page.evaluate("'htmx' in window"):
            page.reload()
    raise AssertionError(page.inner_text("main"))


@pytest.mark.parametrize(
    ("scripts", "prefix"), [(True, "+1701555"), (False, "+1802555")], ids=["scripts", "no-scripts"]
)
def test_a_list_and_a_bill_become_a_filed_request_in_twelve_clicks(
    open_page: OpenPage, sandbox: SandboxDoor, bill: Path, scripts: bool, prefix: str
):
    page = open_page("porting", java_script_enabled=scripts)
    page.goto("/")
    walk = Walk(page)
    walk.press(page.get_by_role("navigation", name="Main").get_by_role("link", name="Check numbers"))
    numbers = [f"{prefix}{n:04d}" for n in range(100, 120)]
    page.get_by_label("Numbers", exact=True).fill("\n".join([*numbers, "+18005550190", "nobody"]))
    look(page, scripts)
    walk.press(page.get_by_role("button", name="Check numbers"))
    expect(page).to_have_url(CHECK)
    checked(page)
    expect(page.get_by_role("heading", name="20 local numbers, United States")).to_be_visible()
    expect(page.get_by_role("heading", name="1 line not used")).to_be_visible()
    look(page, scripts)
    walk.press(page.get_by_role("button", name="Prepare the request"))

    expect(page.get_by_role("heading", level=1)).to_have_text("Utility bill")
    page.get_by_label("Utility bill").set_input_files(bill)
    today = datetime.now(UTC).date()
    fill_in(page, {"Day": str(today.day), "Month": str(today.month), "Year": str(today.year)})
    look(page, scripts)
    walk.press(page.get_by_role("button", name="Continue"))

    expect(page.get_by_role("heading", level=1)).to_have_text("What the losing carrier knows")
    expect(page.get_by_role("img", name="Page 1 of the utility bill")).to_have_js_property(
        "naturalHeight", 2000
    )
    walk.press(page.get_by_label("Business"))
    fill_in(
        page,
        {
            "Customer name": "Thornlea Dental",
            "Account number": "A-100",
            "Name": "Ottilie Marblethwaite",
            "Representative's e-mail": "owner@thornlea.example.com",
            "Street": "12 Sample St",
            "City": "Portland",
            "ZIP code": "04101",
            "State": "ME",
        },
    )
    for name in ("Customer name", "Account number", "Address"):
        walk.press(page.get_by_role("group", name=name).get_by_label("As typed above"))
    look(page, scripts)
    walk.press(page.get_by_role("button", name="Continue"))

    expect(page.get_by_role("heading", level=1)).to_have_text("When, and who hears of it")
    look(page, scripts)
    walk.press(page.get_by_role("button", name="Continue"))
    expect(page.get_by_text("Nothing is filed yet.")).to_be_visible()
    look(page, scripts)
    walk.press(page.get_by_role("button", name="File port-in request"))

    expect(page).to_have_url(FILED)
    expect(filed(page, walk)).to_have_text("Port-in request filed")
    reference = page.locator(".reference__sid").inner_text().split()[0]
    assert reference.startswith("KW")
    expect(page.get_by_role("main")).to_contain_text("within 30 days")
    look(page, scripts)
    assert walk.clicks <= (12 if scripts else 14)  # without scripts, looking again is a press
    assert len(walk.pages) <= 7, walk.pages

    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Port-in request filed")
    expect(page.locator(".reference__sid")).to_contain_text(reference)


def filed(page: Page, walk: Walk) -> Locator:
    """The page of a request that is being filed follows it by itself with scripts, and without by a link."""
    heading = page.get_by_role("heading", level=1)
    for _ in range(20):
        if page.evaluate("'htmx' in window") or heading.inner_text() == "Port-in request filed":
            break
        page.wait_for_timeout(1_000)
        walk.press(page.get_by_role("link", name="Look again"))
    return heading


def look(page: Page, scripts: bool) -> None:
    """axe needs scripts."""
    if scripts:
        assert_good(page)


def test_what_was_typed_survives_the_browser_and_a_wrong_bill_is_refused(open_page: OpenPage, bill: Path):
    page = open_page("porting")
    page.goto("/port-ins/checks/")
    page.get_by_label("Numbers", exact=True).fill("+17015550180\n+17015550151")
    page.get_by_role("button", name="Check numbers").click()
    checked(page)
    page.locator("summary").filter(has_text="How they are split").click()
    page.get_by_label("type of number").uncheck()
    page.get_by_label("need of PINs").uncheck()
    page.get_by_role("button", name="Split anew").click()
    expect(page.get_by_role("heading", name="2 numbers, United States")).to_be_visible()
    page.get_by_role("button", name="Prepare the request").click()
    page.get_by_label("Utility bill").set_input_files(bill)
    fill_in(page, {"Day": "1", "Month": "2", "Year": "2020"})
    page.get_by_role("button", name="Continue").click()
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_contain_text("or later")
    expect(page.get_by_text("bill.pdf")).to_be_visible()
    assert_good(page)

    page.get_by_role("link", name="Tasks of this request").click()
    page.get_by_role("link", name="PINs").click()
    page.get_by_label("PIN of +1 701-555-0151").fill("90417")
    page.get_by_role("textbox", name="Customer name").fill("Thornlea Dental")
    page.get_by_role("button", name="Save and come back later").click()
    expect(page.get_by_text("1 of 1 given")).to_be_visible()
    assert_good(page)

    again = open_page("porting")
    again.goto("/port-ins/drafts/")
    again.locator(f'main a[href="{urlsplit(page.url).path}"]').click()
    again.get_by_role("link", name="Customer at the losing carrier").click()
    expect(again.get_by_role("textbox", name="Customer name")).to_have_value("Thornlea Dental")
    expect(again.get_by_label("PIN of +1 701-555-0151")).to_have_value("")
    again.get_by_role("button", name="Continue").click()
    expect(again.get_by_role("alert").filter(has_text="There is a problem")).to_be_focused()
    assert_good(again)


def test_a_slow_filing_goes_on_with_the_page_closed_and_its_numbers_and_address_come_from_elsewhere(
    open_page: OpenPage, sandbox: SandboxDoor, bill: Path
):
    page = open_page("porting")
    page.goto("/port-ins/checks/")
    page.get_by_label("Numbers", exact=True).fill("+16055550170\n+16055550171\n+16055550150")
    page.get_by_role("button", name="Check numbers").click()
    checked(page)
    page.get_by_role("button", name="Prepare all 2 requests").click()
    page.get_by_role("link", name="2 local numbers, United States").first.click()
    tasks = page.url
    page.get_by_role("link", name="Change the numbers").click()
    page.get_by_label("+1 605-555-0171").check()
    page.get_by_label("Request that gets them").select_option(label=first_option(page, "1 mobile number"))
    page.get_by_role("button", name="Move the ticked").click()
    expect(page.locator("#messages")).to_contain_text("1 number moved")
    assert_good(page)
    page.get_by_label("Numbers to add").fill("605 555 0172")
    page.get_by_role("button", name="Add to the request").click()
    expect(page.locator("#messages")).to_contain_text("1 number added")

    page.goto(f"{tasks}bill/")
    page.get_by_label("Utility bill").set_input_files(bill)
    today = datetime.now(UTC).date()
    fill_in(page, {"Day": str(today.day), "Month": str(today.month), "Year": str(today.year)})
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What the losing carrier knows")
    page.get_by_label("Business").check()
    page.get_by_role("textbox", name="Customer name").fill("Thornlea Dental")
    page.get_by_role("button", name="Save, and create the address").click()
    fill_in(
        page,
        {
            "Name of the company or person": "Thornlea Dental",
            "Street and number": "170 Sample Street",
            "City": "Pierre",
            "ZIP Code": "57501",
        },
    )
    page.get_by_label("State").select_option("SD")
    page.get_by_role("button", name="Create at Twilio").click()
    expect(page.get_by_label("Address of the account")).to_contain_text("170 Sample Street")
    expect(page.get_by_role("textbox", name="Customer name")).to_have_value("Thornlea Dental")
    fill_in(
        page,
        {
            "Account number": "A-100",
            "Name": "Ottilie Marblethwaite",
            "Representative's e-mail": "owner@thornlea.example.com",
        },
    )
    for name in ("Customer name", "Account number", "Address"):
        page.get_by_role("group", name=name).get_by_label("As typed above").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When, and who hears of it")
    page.get_by_role("button", name="Continue").click()

    sandbox.script(kind="slow", method="POST", path="*/PortIn", seconds=12, times=1)
    page.get_by_role("button", name="File port-in request").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("The request is on its way to Twilio")
    assert_good(page)
    page.close()
    again = open_page("porting")
    again.goto(tasks)
    expect(again).to_have_url(FILED)
    expect(again.get_by_role("heading", level=1)).to_have_text("Port-in request filed")


def first_option(page: Page, beginning: str) -> str:
    options = page.get_by_label("Request that gets them").locator("option").all_inner_texts()
    return next(option for option in options if option.startswith(beginning))
