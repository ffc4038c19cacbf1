"""Counting what a journey costs: presses, and pages that are loaded for them (product rules of the journeys)."""

from urllib.parse import urlsplit

from playwright.sync_api import Frame, Locator, Page


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
