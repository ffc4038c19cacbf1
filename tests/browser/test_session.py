"""The end of a session, seen from a page that is open."""

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Number, OpenPage, sign_in
from tests.browser.running import SandboxDoor


def test_an_expired_session_leads_to_the_sign_in_and_back(open_page: OpenPage):
    page = open_page(role="")
    page.goto("/numbers/?country=GB&sort=-name")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("button", name=re.compile("Viewer")).click()
    expect(page).to_have_url(re.compile(r"/numbers/\?country=GB&sort=-name$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Numbers")

    # The same in the midst of a page: a list that asks for its next part.
    page.context.clear_cookies()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("button", name=re.compile("Viewer")).click()
    expect(page).to_have_url(re.compile(r"/numbers/\?country=GB&sort=-name$"))


def test_what_was_typed_outlives_the_session(open_page: OpenPage, number: Number, sandbox: SandboxDoor):
    page = open_page(role="")
    sign_in(page, "support")
    page.goto(f"/numbers/{number['sid']}/configure/")
    page.get_by_label("Name (optional)", exact=True).fill("Typed before the end")
    elsewhere = page.context.new_page()
    elsewhere.goto("/")
    elsewhere.locator("summary").filter(has_text="Support").click()
    elsewhere.get_by_role("button", name="Sign out").click()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Sign in")

    page.get_by_role("button", name="Save at Twilio").click()
    dialog = page.get_by_role("dialog", name="You were signed out")
    expect(dialog).to_contain_text("What you typed is still on this page.")
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in").click()
    opened.value.get_by_role("button", name=re.compile("Support")).click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("You are signed in")
    opened.value.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")  # headless, no window ever loses it

    expect(dialog).to_be_hidden()
    assert sandbox.changes_of(number["sid"]) == []
    page.get_by_role("button", name="Save at Twilio").click()
    expect(page.locator("#messages")).to_have_text("Saved at Twilio.")
    assert sandbox.number(number["sid"])["friendly_name"] == "Typed before the end"


def test_the_page_warns_two_minutes_before_the_end(open_page: OpenPage):
    page = open_page("support")
    page.clock.install()
    page.goto("/help/")
    left_at_server(page, 100)
    dialog = page.locator("#session")
    seconds: int = dialog.evaluate("dialog => dialog.dataset.ends - dialog.dataset.now")
    page.clock.fast_forward((seconds - 125) * 1000)
    expect(dialog).to_be_hidden()
    page.clock.fast_forward(10 * 1000)
    expect(dialog).to_have_accessible_name("You will be signed out in two minutes")
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_focused()
    page.unroute_all()
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()


def left_at_server(page: Page, seconds: int) -> None:
    """The server's clock cannot be moved as the page's is: its answer is."""

    def answer(route: Route) -> None:
        said = route.fetch()
        route.fulfill(response=said, json={**said.json(), "seconds": seconds})

    page.route("**/session/", answer)
