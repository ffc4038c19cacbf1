"""What every page has to be: accessible in light and dark, and no wider than a telephone."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROWEST = 320
# Every page has the same frame, which is looked at by itself, and a table's rows are made alike.
FRAME = (".top", "#nav", ".foot")
ALIKE = "tbody > tr:nth-child(n + 9)"


def assert_good(page: Page, part: str = "html") -> None:
    """Accessible in both themes, and nothing of the page beside a narrow screen."""
    # Evaluated as a debugger does it, which no CSP forbids: the pages keep theirs.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    assert_accessible(page, part, {"type": "tag", "values": WCAG_22_AA})
    page.emulate_media(color_scheme="dark")
    assert_accessible(page, part, {"type": "rule", "values": ["color-contrast", "link-in-text-block"]})
    page.emulate_media(color_scheme="light")
    usual = page.viewport_size
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= NARROWEST, beside(page)
    if usual:
        page.set_viewport_size(usual)


def assert_accessible(page: Page, part: str, rules: dict[str, Any]) -> None:
    left_out = [*FRAME, ALIKE] if part == "html" else []
    looked_at = {"include": [[part]], "exclude": [[each] for each in left_out]}
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    results = AxeResults(page.evaluate("arguments => axe.run(...arguments)", [looked_at, options]))
    assert results.violations_count == 0, results.generate_report()


def beside(page: Page) -> str:
    """What is too wide."""
    found: list[str] = page.evaluate(
        """width => [...document.body.querySelectorAll("*")]
            .filter(element => element.checkVisibility() && !element.closest(".table-region"))
            .filter(element => element.getBoundingClientRect().right > width)
            .map(element => element.outerHTML.slice(0, 120))""",
        NARROWEST,
    )
    return "\n".join(found)
