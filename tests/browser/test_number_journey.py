"""A day at the desk: find a number, change how it answers, and see that it has happened."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.numbering import national, spaced
from tests.browser.conftest import Number, OpenPage, sign_in
from tests.browser.running import SandboxDoor

# Other tests buy and release some.
ALL = re.compile("2,[0-9]{3} numbers")  # other journeys buy, host and release some
REFUSED = "http://10.0.0.7/calls"


def configure(page: Page, number: Number) -> None:
    """Open the page for changing it by way of the number's own page, as people do."""
    page.goto(f"/numbers/{number['sid']}/")
    page.get_by_role("link", name="Change configuration").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change configuration")


def test_a_number_is_found_in_the_list(open_page: OpenPage):
    page = open_page(role="")
    sign_in(page, "support")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="All numbers").click()

    filters = page.get_by_role("search", name="Filter numbers")
    filters.locator("summary").filter(has_text="Country").click()
    filters.get_by_label("United Kingdom").check()
    filters.get_by_role("button", name="Apply").locator("visible=true").click()
    chips = page.get_by_role("list", name="Applied filters")
    expect(chips).to_contain_text("Country United Kingdom")
    table, position = page.get_by_role("table"), page.get_by_role("navigation", name="Pages").locator("b")
    expect(table.get_by_role("caption")).to_contain_text(re.compile("3[89][0-9] numbers"))
    british = table.get_by_role("caption").inner_text()

    # Quick search is live, keeps the filter, and says what it found.
    filters.get_by_label("Search these numbers").press_sequentially("+44 20")
    expect(page.get_by_role("status").filter(has_text="numbers")).not_to_have_text(british.split(",")[0])
    chips.get_by_role("link", name="Search").click()
    expect(table.get_by_role("caption")).to_have_text(british)

    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    expect(page).to_have_url(re.compile("sort=name"))
    rows = table.locator("[data-row-link]")
    first_page = rows.all_inner_texts()
    page.get_by_role("link", name="Next").click()
    expect(position.first).to_have_text(re.compile("^51"))
    assert set(rows.all_inner_texts()).isdisjoint(first_page)

    # The number, and Back: the same page of the same list.
    chosen = rows.first.inner_text()
    rows.first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(chosen)
    page.go_back()
    expect(position.first).to_have_text(re.compile("^51"))
    expect(rows.first).to_have_text(chosen)
    page.go_back()
    expect(position.first).to_have_text(re.compile("^1"))
    assert rows.all_inner_texts() == first_page

    chips.get_by_role("link", name="Clear filters").click()
    expect(table.get_by_role("caption")).to_contain_text(ALL)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_change_is_refused_and_then_made(
    open_page: OpenPage, number: Number, sandbox: SandboxDoor, scripts: bool
):
    page = open_page(java_script_enabled=scripts)
    configure(page, number)
    url = page.get_by_label("When a call comes in")
    url.fill(REFUSED)
    page.get_by_label("Name (optional)", exact=True).fill("Typed before the refusal")
    page.get_by_label("Reason").fill("The old server goes")
    page.get_by_role("button", name="Save at Twilio").click()

    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_be_visible()
    expect(page).to_have_title(re.compile("^Error: (?!Error)"))
    expect(summary).to_be_focused()
    expect(url).to_have_accessible_description(re.compile("Use https://"))
    summary.get_by_role("link", name="Use https://").click()
    expect(url).to_be_focused()
    expect(url).to_have_value(REFUSED)
    expect(page.get_by_label("Name (optional)", exact=True)).to_have_value("Typed before the refusal")
    expect(page.get_by_label("Reason")).to_have_value("The old server goes")
    assert sandbox.changes_of(number["sid"]) == []

    url.fill("https://voice.example.com/new")
    page.get_by_role("button", name="Save at Twilio").click()
    expect(page.locator("#messages")).to_have_text("Saved at Twilio.")
    expect(page).to_have_url(re.compile(f"/numbers/{number['sid']}/(#|$)"))
    expect(page).not_to_have_title(re.compile("Error"))
    change = page.locator(".timeline > li").first
    expect(change).to_contain_text("Configuration changed")
    expect(change).to_contain_text("Support")
    expect(change).to_contain_text(f"{number['voice_url']} → https://voice.example.com/new")
    expect(change).to_contain_text("Reason: The old server goes")
    at_twilio = sandbox.number(number["sid"])
    assert at_twilio["voice_url"] == "https://voice.example.com/new"
    assert at_twilio["friendly_name"] == "Typed before the refusal"
    assert at_twilio["sms_url"] == number["sms_url"]
    assert len(sandbox.changes_of(number["sid"])) == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_double_click_sends_one_change_and_back_sends_none(
    open_page: OpenPage, number: Number, sandbox: SandboxDoor, scripts: bool
):
    page = open_page(java_script_enabled=scripts)
    configure(page, number)
    page.get_by_label("Name (optional)", exact=True).fill("Saved twice in haste")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Save at Twilio").dblclick()
    if scripts:
        expect(page.locator("#messages")).to_have_text("Saved at Twilio.")
        assert len(sent) == 1
    else:
        expect(page.locator("#messages")).to_contain_text("saved at Twilio.", ignore_case=True)

    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change configuration")
    page.get_by_role("button", name="Save at Twilio").click()
    expect(page.locator("#messages")).to_have_text("Nothing to change: Twilio already has it so.")
    assert len(sandbox.changes_of(number["sid"])) == 1
    assert sandbox.number(number["sid"])["friendly_name"] == "Saved twice in haste"


def test_a_note_and_our_records_stay_with_the_number(open_page: OpenPage, number: Number):
    page = open_page()
    page.goto(f"/numbers/{number['sid']}/")
    page.get_by_role("button", name="Add note").click()
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_be_focused()
    page.get_by_label("Note").fill("<b>Ask</b> the front desk")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#messages")).to_have_text("Note added.")
    expect(page.locator("#announcements")).to_have_text("Note added.")
    expect(page.locator(".timeline > li").first).to_contain_text("<b>Ask</b> the front desk")

    page.get_by_role("link", name="Change owner, cost centre and tags").click()
    page.get_by_label("Owner").fill("Front desk")
    page.get_by_label("Tags").fill("Reception, browser-test")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="browser-test").click()
    expect(page.get_by_role("caption")).to_contain_text("1 number,")
    expect(page.locator("[data-row-link]")).to_have_text(spaced(number["phone_number"]))


def test_a_refresh_shows_how_far_it_is(open_page: OpenPage, sandbox: SandboxDoor):
    page = open_page()
    page.goto("/numbers/")
    sandbox.script(kind="slow", seconds=1, method="GET", path="*/IncomingPhoneNumbers.json", times=1)
    page.get_by_role("button", name="Refresh now").click()
    expect(page.locator("#progress")).to_contain_text("Reading from Twilio.")
    expect(page.locator("#progress")).to_contain_text(re.compile("Read 2,[0-9]"))
    expect(page.locator("#announcements")).to_have_text("Refresh complete")
    page.get_by_role("link", name="Show the list as it is now").click()
    expect(page.get_by_role("caption")).to_contain_text(ALL)


def test_a_number_in_another_format_is_found_from_anywhere(open_page: OpenPage, number: Number):
    page = open_page()
    page.goto("/help/")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a number, SID or name")).to_be_focused()
    page.keyboard.type(national(number["phone_number"]).replace("-", "."))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/numbers/{number['sid']}/$"))


def test_the_second_of_two_people_sees_what_the_first_has_changed(
    open_page: OpenPage, number: Number, sandbox: SandboxDoor
):
    first, second = open_page("support"), open_page("admin")
    for page in (first, second):
        configure(page, number)
    first.get_by_label("When a message comes in").fill("https://sms.example.com/first")
    first.get_by_role("button", name="Save at Twilio").click()
    expect(first.locator("#messages")).to_have_text("Saved at Twilio.")

    second.get_by_label("When a message comes in").fill("https://sms.example.com/second")
    second.get_by_role("button", name="Save at Twilio").click()
    notice = second.get_by_role("alert").filter(has_text="The number has changed since you opened this page")
    expect(notice).to_be_focused()
    line = notice.get_by_role("row").filter(has_text="https://sms.example.com/first")
    expect(line.get_by_role("cell")).to_have_text(
        [number["sms_url"] or "nothing", "https://sms.example.com/first", "https://sms.example.com/second"]
    )
    assert sandbox.number(number["sid"])["sms_url"] == "https://sms.example.com/first"

    second.get_by_role("button", name="Save at Twilio").click()
    expect(second.locator("#messages")).to_have_text("Saved at Twilio.")
    assert sandbox.number(number["sid"])["sms_url"] == "https://sms.example.com/second"
    assert len(sandbox.changes_of(number["sid"])) == 2
