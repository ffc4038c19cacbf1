"""What a journey costs: presses, and pages that are loaded for them."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.accessibility import assert_good


class Walk:
    """A way through the portal. Typing and ticking are free, as is a part of a page that is filled anew."""

    def __init__(self, page: Page) -> None:
        self.clicks = 0
        self.pages: list[str] = []
        self._here = urlsplit(page.url).path
        page.on("framenavigated", self._arrive)

    def press(self, locator: Locator) -> None:
        self.clicks += 1
        locator.click()

    def _arrive(self, frame: Frame) -> None:
        path = urlsplit(frame.url).path
        if frame.parent_frame is None and path != self._here:
            self.pages.append(path)
            self._here = path


def approve(page: Page, reason: str) -> None:
    """From the overview, what somebody asked for with this reason."""
    page.goto("/")
    walk = Walk(page)
    asked = page.get_by_role("listitem").filter(has_text=reason)
    walk.press(asked.get_by_role("link", name="approve or decline"))
    expect(page.get_by_role("heading", name="A second person has to approve this")).to_be_visible()
    assert_good(page)
    walk.press(page.get_by_role("button", name="Approve", exact=True))
    # Whoever looks on while one thing is made comes to its page.
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"Ended|: done\."))
    assert walk.clicks == 2
    assert_good(page)
