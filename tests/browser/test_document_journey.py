"""A document from its upload to its deletion, with and without JavaScript; what it says stays masked."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import uploads
from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage

SECRET = "Thornlea Dental"


@pytest.fixture
def papers(tmp_path: Path) -> dict[str, str]:
    """Files by what they are."""
    contents = {
        "bill.pdf": uploads.bill_pdf(2),
        "photo.png": uploads.png(300, 200),
        "secret.pdf": uploads.encrypted_pdf(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: str(tmp_path / name) for name in contents}


def assert_is_drawn(page: Page, name: str) -> None:
    picture = page.get_by_role("img", name=name)
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalHeight", 2000)


def begin(page: Page) -> None:
    page.goto("/documents/")
    page.get_by_role("link", name="Upload document").click()
    page.get_by_label("Account").select_option(index=1)
    page.get_by_label("Type of document").select_option("business_registration")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Upload: Business registration")


def test_a_document_is_uploaded_revealed_replaced_and_deleted(open_page: OpenPage, papers: dict[str, str]):
    page = open_page("compliance")
    begin(page)
    assert_good(page)

    page.get_by_label("Friendly name").fill("Register of the dentist")
    page.locator("input[type=file]").set_input_files(papers["secret.pdf"])
    page.get_by_role("button", name="Upload to Twilio").click()
    expect(page.get_by_role("alert").first).to_contain_text("The business registration is password protected")
    expect(page.get_by_label("Friendly name")).to_have_value("Register of the dentist")
    assert_good(page)

    page.get_by_label("Friendly name").fill("")
    page.locator("input[type=file]").set_input_files(papers["bill.pdf"])
    expect(page.locator("[data-file-chosen]")).to_have_text("1 KB")
    page.get_by_role("button", name="Upload to Twilio").click()
    expect(page.locator(".file__kept")).to_contain_text("bill.pdf")
    assert_good(page)
    page.get_by_label("Friendly name").fill("Register of the dentist")
    page.get_by_label("Business Name").fill(SECRET)
    page.get_by_role("button", name="Upload to Twilio").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Register of the dentist")
    expect(page.locator("#messages")).to_contain_text("Uploaded to Twilio.")
    expect(page.locator("main")).not_to_contain_text(SECRET)
    assert_is_drawn(page, "Page 1 of the file")
    assert_good(page)
    with page.expect_popup() as tab:
        page.get_by_role("link", name="Open in a new tab", exact=True).click()
    assert_is_drawn(tab.value, "Page 2 of the file")
    assert_good(tab.value)
    tab.value.close()

    page.get_by_role("link", name="Reveal Business Name").click()
    asked = page.get_by_label("Why do you need to see")
    expect(asked).to_be_focused()
    assert_good(page, "#document")
    page.get_by_role("button", name="Show for 5 minutes").click()
    expect(page.locator(".masked")).to_contain_text(["Enter why you need to see it"])
    asked.fill("Comparing with the register")
    page.get_by_role("button", name="Show for 5 minutes").click()
    expect(page.locator(".masked--shown")).to_contain_text(SECRET)
    assert_good(page, "#document")
    page.get_by_role("button", name="Hide Business Name").click()
    expect(page.locator("main")).not_to_contain_text(SECRET)

    page.get_by_role("link", name="Replace file").click()
    assert_good(page)
    page.locator("input[type=file]").set_input_files(papers["photo.png"])
    page.get_by_role("button", name="Send to Twilio").click()
    picture = page.get_by_role("img", name="The file.")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 300
    page.get_by_role("link", name="Change", exact=True).click()
    assert_good(page)
    page.go_back()
    page.locator("summary").filter(has_text="More").click()
    page.get_by_role("link", name="Delete", exact=True).click()
    assert_good(page)
    page.get_by_label("Reason").fill("Made by a test")
    page.get_by_role("button", name="Delete at Twilio").click()
    expect(page.locator("#messages")).to_contain_text("was deleted at Twilio")


def test_it_works_without_javascript(open_page: OpenPage, papers: dict[str, str]):
    page = open_page("compliance", java_script_enabled=False)
    begin(page)
    page.locator("input[type=file]").set_input_files(papers["bill.pdf"])
    page.get_by_role("button", name="Upload to Twilio").click()
    expect(page.locator(".file__kept")).to_contain_text("bill.pdf")
    page.get_by_label("Friendly name").fill("Register without scripts")
    page.get_by_label("Business Name").fill(SECRET)
    page.get_by_role("button", name="Upload to Twilio").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Register without scripts")

    page.get_by_role("link", name="Reveal Business Name").click()
    page.get_by_label("Reason").fill("Comparing with the register")
    page.get_by_role("button", name="Show for 5 minutes").click()
    expect(page.locator(".masked--shown")).to_contain_text(SECRET)
    page.get_by_role("button", name="Hide Business Name").click()
    expect(page.locator("main")).not_to_contain_text(SECRET)

    reader = open_page("manager", java_script_enabled=False)
    reader.goto(page.url.partition("#")[0])
    expect(reader.get_by_role("link", name="Download")).to_have_count(0)
    reader.get_by_role("link", name="Show the file").click()
    reader.get_by_label("Reason").fill("Checking the date")
    reader.get_by_role("button", name="Show for 5 minutes").click()
    with reader.expect_download() as download:
        reader.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes() == Path(papers["bill.pdf"]).read_bytes()


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("compliance", "/documents/"),
        ("compliance", "/documents/?status=rejected"),
        ("compliance", "/documents/?q=nothing+of+that+name"),
        ("compliance", "/documents/ages/"),
        ("compliance", "/documents/ages/?used=all&month=2000-01"),
        ("compliance", "/documents/new/"),
        ("manager", "/reveals/"),
        ("manager", "/purges/"),
    ],
)
def test_its_lists_are_accessible(open_page: OpenPage, role: str, path: str):
    page = open_page(role)
    page.goto(path)
    assert_good(page)


def test_the_page_that_asks_for_a_reason_is_accessible(open_page: OpenPage):
    page = open_page("compliance")
    page.goto("/documents/?type=business_registration")
    page.locator("a[data-row-link]").first.click()
    url = page.locator(".masked a").first.get_attribute("href")
    assert url
    page.goto(url)
    assert_good(page)
