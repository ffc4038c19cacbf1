"""Change many numbers at once, with a preset: watch it, leave, stop it, and have it finished."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_good
from tests.browser.conftest import OpenPage
from tests.browser.running import SandboxDoor
from tests.browser.walks import Walk

NAME = "Desk in Sweden"


def figure(page: Page, state: str) -> int:
    """How many items of the batch are in a state."""
    found = page.get_by_role("list", name="Results").get_by_role("link", name=state).locator("b")
    return int(found.inner_text()) if found.count() else 0


def add_preset(page: Page) -> None:
    page.goto("/numbers/presets/add/")
    page.get_by_label("Name of the preset").fill("Swedish desks")
    page.get_by_role("checkbox", name=re.compile("^(Friendly n|N)ame$")).check()
    page.locator("[name=friendly_name]").fill(NAME)
    page.get_by_role("button", name="Save preset").click()
    expect(page.get_by_role("table")).to_contain_text("Swedish desks")


def test_a_bulk_change_is_stopped_and_finished_later(open_page: OpenPage, sandbox: SandboxDoor):
    swedish = [number["sid"] for number in sandbox.numbers() if number["phone_number"].startswith("+46")]
    page = open_page("support")
    add_preset(page)
    page.goto("/numbers/?country=SE&size=25")
    walk = Walk(page)
    page.get_by_role("checkbox", name="Tick +46").first.check()
    page.get_by_label(f"All {len(swedish)} in this list").check()
    walk.press(page.get_by_role("button", name="Change", exact=True))
    page.get_by_label("Begin with a preset").select_option("Swedish desks")
    walk.press(page.get_by_role("button", name="Fill in"))
    expect(page.locator("[name=friendly_name]")).to_have_value(NAME)
    walk.press(page.get_by_role("button", name="Preview"))
    expect(page.get_by_role("main")).to_contain_text(f"{len(swedish)} to be changed")
    assert_good(page)

    sandbox.script(kind="slow", seconds=0.5, method="POST")
    walk.press(page.get_by_role("button", name="Change the ticked numbers at Twilio"))
    expect(page.get_by_text("This goes on when you leave the page.")).to_be_visible()
    assert walk.clicks <= 5
    batch = page.url
    page.close()

    page = open_page("support")
    page.goto(batch)
    expect(page.get_by_role("list", name="Results")).to_contain_text("Done")
    assert_good(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#messages")).to_contain_text("Nothing more is begun.")
    expect(page.locator(".number-meta")).to_contain_text("Stopped")
    done, not_begun = figure(page, "Done"), figure(page, "Not begun")
    assert done + not_begun == len(swedish)
    assert done
    assert not_begun
    assert_good(page)

    sandbox.forget_faults()
    page.get_by_role("button", name=f"Try {not_begun} again").click()
    expect(page.locator(".number-meta")).to_contain_text("Ended")
    assert figure(page, "Done") == len(swedish)
    named = {number["sid"]: number["friendly_name"] for number in sandbox.numbers()}
    assert {named[sid] for sid in swedish} == {NAME}
    assert {len(sandbox.changes_of(sid)) for sid in swedish} == {1}, "nothing is sent twice"
