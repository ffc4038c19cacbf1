"""Twilio is away: pages work, show what was last known, and say so."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Number, OpenPage
from tests.browser.running import SandboxDoor


@pytest.fixture
def twilio_down(sandbox: SandboxDoor) -> SandboxDoor:
    # It names a time that nobody waits for, so the tasks give up at once.
    sandbox.script(kind="status", status=503, retry_after=600)
    return sandbox


def test_pages_show_the_last_known_state_and_say_that_twilio_is_away(
    open_page: OpenPage, number: Number, twilio_down: SandboxDoor
):
    page = open_page("manager")
    page.goto("/numbers/")
    page.get_by_role("button", name="Refresh now").click()
    expect(page.locator("#progress")).to_contain_text("Failed")
    banner = page.get_by_role("status").filter(has_text="Unavailable: Twilio could not be read")
    for path in ("/", "/numbers/", f"/numbers/{number['sid']}/"):
        page.goto(path)
        expect(banner).to_contain_text("What you see is the last known state, as of")
    expect(page.get_by_text("National format")).to_be_visible()
    page.goto("/sync/")
    expect(page.get_by_role("table").first).to_contain_text("Failed")

    twilio_down.forget_faults()
    page.goto("/numbers/")
    page.get_by_role("button", name="Refresh now").click()
    expect(page.locator("#progress")).to_contain_text(re.compile("Read 2,[0-9]"))
    page.goto("/numbers/")
    expect(banner).to_have_count(0)


def test_a_change_is_not_made_and_stays_typed(open_page: OpenPage, number: Number, twilio_down: SandboxDoor):
    page = open_page("support")
    page.goto(f"/numbers/{number['sid']}/configure/")
    page.get_by_label("Name (optional)", exact=True).fill("Typed while Twilio was away")
    page.get_by_role("button", name="Save at Twilio").click()
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary).to_contain_text("Nothing was changed. Save again in a moment.")
    expect(summary).to_be_focused()

    twilio_down.forget_faults()
    page.get_by_role("button", name="Save at Twilio").click()
    expect(page.locator("#messages")).to_have_text("Saved at Twilio.")
    assert twilio_down.number(number["sid"])["friendly_name"] == "Typed while Twilio was away"


def test_a_lost_answer_is_looked_for_and_never_sent_again(
    open_page: OpenPage, number: Number, sandbox: SandboxDoor
):
    page = open_page("support")
    page.goto(f"/numbers/{number['sid']}/configure/")
    sandbox.script(kind="lost-answer", method="POST", times=1)
    page.get_by_label("Name (optional)", exact=True).fill("Whose answer was lost")
    page.get_by_role("button", name="Save at Twilio").click()
    expect(page.locator("#messages")).to_contain_text("Twilio's answer was lost.")
    expect(page.get_by_role("heading", name="A change is not settled yet")).to_be_visible()
    assert sandbox.number(number["sid"])["friendly_name"] == "Whose answer was lost"
    assert len(sandbox.changes_of(number["sid"])) == 1
