"""J-4: why is this number not compliant, and put it right, one or many."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage
from tests.browser.running import SandboxDoor
from tests.browser.walks import Walk


def lacking_a_bundle(page: Page, country: str) -> list[str]:
    """Numbers of a country whose one trouble is that no bundle is set, as the list has them."""
    page.goto(f"/numbers/?why=no-bundle&country={country}&size=200")
    links = page.get_by_role("table").locator("[data-row-link]")
    return [str(link.get_attribute("href")).split("/")[-2] for link in links.all()]


def choose(page: Page, which: int = 0) -> None:
    """For each account, country and type, a bundle of those offered, by its place."""
    for group in page.locator("section.assign").all():
        buttons = (
            group.get_by_role("group", name="Bundle").get_by_role("radio").all()[:-1]
        )  # "Leave as it is"
        if buttons:
            buttons[which].check()
        elif (choice := group.get_by_role("combobox", name="Bundle")).count():
            values = [option.get_attribute("value") for option in choice.locator("option").all()][:-1]
            choice.select_option([value for value in values if value][which])


def test_one_number_is_put_right_from_its_page(open_page: OpenPage, sandbox: SandboxDoor):
    page = open_page("support")
    sid = lacking_a_bundle(page, "GB")[0]
    number = sandbox.number(sid)["phone_number"]
    page.goto("/")
    walk = Walk(page)
    page.get_by_role("searchbox", name="Find a number, SID or name").fill(number)
    page.keyboard.press("Enter")
    card = page.get_by_role("region", name="Compliance")
    expect(card).to_contain_text("Not compliant")
    expect(card).to_contain_text("No bundle is set, and Twilio asks for one with")
    assert_good(page)

    walk.press(card.get_by_role("link", name="Assign bundle"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Assign bundle")
    assert_good(page)
    bundle = page.get_by_role("group", name="Bundle").get_by_role("radio").first
    bundle.check()
    walk.press(page.get_by_role("button", name="Assign at Twilio"))

    expect(page.locator("#messages")).to_contain_text("Assigned at Twilio")
    expect(card).to_contain_text("Pending review")
    expect(card).to_contain_text("Its bundle or address was changed on")
    assert walk.clicks <= 4
    assert len(walk.pages) <= 3, walk.pages
    assert sandbox.number(sid)["bundle_sid"], "and Twilio has it"
    assert_good(page)


def test_many_numbers_are_put_right_from_the_report(open_page: OpenPage, sandbox: SandboxDoor):
    page = open_page("support")
    chosen = lacking_a_bundle(page, "FR")
    page.goto("/compliance/report/?country=FR")
    assert_good(page)
    walk = Walk(page)
    walk.press(page.get_by_role("button", name=re.compile("^Assign bundle to the")))
    expect(page.get_by_role("heading", level=1)).to_have_text("Assign bundles")
    choose(page)
    assert_good(page)
    walk.press(page.get_by_role("button", name="Preview"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you assign")
    expect(page.get_by_role("table")).to_contain_text("Bundle: none →")
    assert_good(page)
    walk.press(page.get_by_role("button", name="Assign to the ticked numbers at Twilio"))

    expect(page.locator(".number-meta")).to_contain_text("Ended")
    assert walk.clicks <= 6
    assert_good(page)
    assert all(sandbox.number(sid)["bundle_sid"] for sid in chosen)
    assert {len(sandbox.changes_of(sid)) for sid in chosen} == {1}, "each was changed once"
    page.goto("/compliance/report/?country=FR")
    expect(page.get_by_role("region", name="How numbers stand")).to_contain_text("Pending review")
    assert lacking_a_bundle(page, "FR") == []


def test_the_list_offers_it_too_and_unticks_what_would_be_reviewed_again(open_page: OpenPage):
    page = open_page("support")
    page.goto("/numbers/?standing=compliant&country=DE&type=local&size=25")
    walk = Walk(page)
    page.get_by_role("checkbox", name="Tick every number on this page").check()
    walk.press(page.get_by_role("button", name="Assign bundle", exact=True))
    choose(page, -1)
    walk.press(page.get_by_role("button", name="Preview"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you assign")
    expect(page.get_by_role("table")).to_contain_text("Restarts")
    restarting = page.get_by_role("row").filter(has_text="Restarts").first
    expect(restarting.get_by_role("checkbox")).not_to_be_checked()
    expect(restarting.get_by_role("checkbox")).to_be_enabled()
    assert_good(page)


def test_the_report_opens_to_accounts_and_prints(open_page: OpenPage):
    page = open_page("manager")
    page.goto("/compliance/report/")
    page.get_by_role("link", name="Germany, local").click()
    opened = page.get_by_role("link", name="Germany, local")
    expect(opened).to_have_attribute("aria-expanded", "true")
    expect(page).to_have_url(re.compile("open=DE.local"))
    figures = page.get_by_role("row").filter(has=opened).get_by_role("cell")
    count = figures.nth(6).inner_text()
    figures.nth(6).get_by_role("link").click()
    expect(page.get_by_role("table").get_by_role("caption")).to_contain_text(f"{count} numbers")
    page.go_back()
    expect(opened).to_have_attribute("aria-expanded", "true")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Apply")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
