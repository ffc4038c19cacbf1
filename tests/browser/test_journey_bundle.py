"""Make a bundle and submit it (journey J-1); repair a rejected one and send it back (J-2)."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage
from tests.browser.running import SandboxDoor
from tests.browser.walks import Walk
from tests.uploads import pdf

TASKS = re.compile(r"/bundles/BU\w+/tasks/$")
CHECK = re.compile(r"/bundles/BU\w+/check/$")
SUBMITTED = re.compile(r"/bundles/BU\w+/submitted/$")
REGISTER = "new-commercial_registrar_excerpt"


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "register.pdf"
    path.write_bytes(pdf())
    return path


def go_on(page: Page) -> Locator:
    return page.get_by_role("button", name="Continue", exact=True)


def look(page: Page, scripts: bool) -> None:
    """axe is a script itself, so it looks only where scripts run."""
    if scripts:
        assert_good(page)


def begin(page: Page, walk: Walk, name: str, scripts: bool) -> None:
    """From the list of bundles to the tasks of a German one."""
    walk.press(page.get_by_role("link", name=re.compile("New bundle|Start the first bundle")).first)
    page.get_by_label("Country").select_option("DE")
    if not scripts:
        walk.press(go_on(page))
    page.get_by_text("Local numbers, business").click()
    page.get_by_label("Name (optional)").fill(name)
    look(page, scripts)
    walk.press(page.get_by_role("button", name="Make the draft"))
    expect(page).to_have_url(TASKS)


def make(page: Page, name: str, scan: Path, *, scripts: bool = True) -> Walk:
    """The whole of J-1 with everything new, up to the page that says it is submitted."""
    page.goto("/bundles/")
    walk = Walk(page)
    begin(page, walk, name, scripts)
    look(page, scripts)

    walk.press(page.get_by_role("link", name="Say who the end user is"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Who is the end user?")
    page.get_by_text("A new end user").click()
    walk.press(go_on(page))
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_contain_text("Enter business name")
    look(page, scripts)
    page.locator("#id_new-business_name").fill(name)
    walk.press(go_on(page))

    expect(page.get_by_role("heading", level=1)).to_have_text("Which address?")
    page.get_by_text("A new address in Germany").click()
    expect(page.get_by_label("Name of the company or person")).to_have_value(name)
    page.get_by_label("Street and number").fill("Musterstr. 1")
    page.get_by_label("City").fill("Berlin")
    page.get_by_label("Postal code").fill("10117")
    page.get_by_label("State (Bundesland)").fill("BE")
    look(page, scripts)
    walk.press(go_on(page))

    expect(page.get_by_role("heading", level=1)).to_contain_text("Business Name")
    page.locator(f"#id_use_{REGISTER}").check()
    expect(page.locator(f"#id_{REGISTER}-business_name")).to_have_value(name)
    page.locator(f"#id_{REGISTER}-the-file").set_input_files(scan)
    look(page, scripts)
    walk.press(go_on(page))

    expect(page.get_by_role("heading", level=1)).to_contain_text("Business Address")
    page.locator(".choice", has_text="In this bundle already").get_by_role("radio").first.check()
    look(page, scripts)
    walk.press(go_on(page))

    expect(page).to_have_url(CHECK)
    expect(page.get_by_text("Nothing has been submitted yet")).to_be_visible()
    look(page, scripts)
    walk.press(page.get_by_role("button", name="Submit bundle for review"))
    expect(page).to_have_url(SUBMITTED)
    expect(page.get_by_text("Expected by")).to_be_visible()
    look(page, scripts)
    return walk


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_bundle_is_made_and_submitted_with_everything_new(open_page: OpenPage, scan: Path, scripts: bool):
    name = f"Riverside Dental {'A' if scripts else 'B'}"
    walk = make(open_page("compliance", java_script_enabled=scripts), name, scan, scripts=scripts)
    assert walk.clicks <= 26, walk.clicks


def test_with_what_is_there_nothing_is_typed(open_page: OpenPage, scan: Path):
    name = "Harbour Physiotherapy"
    make(open_page("compliance"), name, scan)
    page = open_page("compliance")
    page.goto("/bundles/")
    walk = Walk(page)
    begin(page, walk, f"{name} again", True)
    walk.press(page.get_by_role("link", name="Say who the end user is"))
    page.locator(".choice", has_text=name).get_by_role("radio").first.check()
    walk.press(go_on(page))
    expect(page.get_by_role("heading", level=1)).to_have_text("Which address?")
    page.locator(".choice", has_text=name).get_by_role("radio").first.check()
    walk.press(go_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Business Name")
    page.locator(".choice", has_text=name).get_by_role("radio").first.check()
    walk.press(go_on(page))
    expect(page).to_have_url(CHECK)
    walk.press(page.get_by_role("button", name="Submit bundle for review"))
    expect(page).to_have_url(SUBMITTED)
    assert walk.clicks <= 14, walk.clicks
    assert len(walk.pages) <= 9, walk.pages


def test_a_rejected_bundle_is_repaired_and_sent_back(open_page: OpenPage, sandbox: SandboxDoor, scan: Path):
    page = open_page("compliance")
    make(page, "Lakeside Optics", scan)
    sid = page.url.split("/bundles/")[1].split("/")[0]
    sandbox.judge(sid, status="twilio-rejected", code=18002)
    problem = page.get_by_role("link", name=re.compile("See each reason"))
    for _ in range(40):
        page.goto(f"/bundles/{sid}/")
        if problem.is_visible():
            break
        page.wait_for_timeout(500)

    walk = Walk(page)
    walk.press(problem)
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_contain_text("The document cannot be read.")
    assert_good(page)
    walk.press(summary.get_by_role("link").first)
    expect(page.get_by_text("Upload a sharp scan").first).to_be_visible()
    page.locator("#id_keep-the-file").set_input_files(scan)
    assert_good(page)
    walk.press(go_on(page))
    expect(page).to_have_url(CHECK)
    expect(page.get_by_role("heading", name="Since it was rejected")).to_be_visible()
    assert_good(page)
    walk.press(page.get_by_role("button", name="Submit bundle for review"))
    expect(page).to_have_url(SUBMITTED)
    assert walk.clicks <= 6, walk.clicks
    assert len(walk.pages) <= 4, walk.pages
    assert sid in page.url, "the same bundle"
