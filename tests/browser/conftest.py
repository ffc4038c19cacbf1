"""One portal and one Chromium for all tests of this folder, which run in one worker, one after the other."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.browser.accessibility import assert_good
from tests.browser.running import RunningPortal, SandboxDoor

_FOLDER = Path(__file__).parent
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_PATIENCE = 20_000  # ms; a page takes a tenth of a second, but not on a machine that is busy with more

Number = dict[str, Any]
OpenPage = Callable[..., Page]
AskFor = Callable[[str], None]
LookAt = Callable[[str, str], tuple[Page, int]]


expect.set_options(timeout=_PATIENCE)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _FOLDER in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "Chromium is not installed: neither chromium nor google-chrome is on the PATH"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def portal(chromium: str) -> Iterator[RunningPortal]:
    portal = RunningPortal(Path(os.environ["DATA_DIR"]) / "browser")
    portal.start()
    yield portal
    portal.stop()


@pytest.fixture
def sandbox(portal: RunningPortal) -> Iterator[SandboxDoor]:
    yield portal.sandbox
    portal.sandbox.forget_faults()


# Narrower than pytest-playwright has them: its event loop would keep Django's other tests in this worker
# from the database.


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(
    playwright: Playwright, chromium: str, browser_type_launch_args: dict[str, Any]
) -> Iterator[Browser]:
    options = {**browser_type_launch_args, "executable_path": chromium, "args": _FLAGS}
    browser = playwright.chromium.launch(**options)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def browser_context_args(portal: RunningPortal) -> dict[str, Any]:
    return {
        "base_url": portal.url,
        "viewport": {"width": 1280, "height": 800},
        "locale": "en-GB",
        "timezone_id": "Pacific/Auckland",  # far from the UTC that pages speak
        "reduced_motion": "reduce",
    }


@pytest.fixture(scope="package")
def signed_in(browser: Browser, browser_context_args: dict[str, Any]) -> Callable[[str], Any]:
    """The cookies of somebody with a role; each signs in once."""
    cookies: dict[str, Any] = {}

    def of(role: str) -> Any:
        if role not in cookies:
            context = browser.new_context(**browser_context_args)
            sign_in(context.new_page(), role)
            cookies[role] = context.storage_state()
            context.close()
        return cookies[role]

    return of


@pytest.fixture(scope="package")
def complaints() -> list[str]:
    """What pages said on the console during this test."""
    return []


@pytest.fixture(autouse=True)
def _without_complaints(complaints: list[str]) -> Iterator[None]:
    """Pages may not complain: no error on the console, nothing that the CSP blocked."""
    complaints.clear()
    yield
    assert complaints == []


def _heed(context: BrowserContext, complaints: list[str]) -> BrowserContext:
    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _is_expected(message):
            complaints.append(f"{message.page and message.page.url}: {message.text}")

    context.set_default_timeout(_PATIENCE)
    context.on("console", hear)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return context


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], complaints: list[str]
) -> Callable[..., BrowserContext]:
    return lambda **options: _heed(new_context(**options), complaints)


def _is_expected(message: ConsoleMessage) -> bool:
    """Chromium and htmx mention every answer that is an error; of pages they are wanted, of files never."""
    if message.text.startswith("Failed to load resource: the server responded with a status of 4"):
        return "/static/" not in message.location["url"]
    return message.text.startswith("Response Status Error Code 4")


@pytest.fixture
def open_page(
    new_context: Callable[..., BrowserContext], signed_in: Callable[[str], Any]
) -> Callable[..., Page]:
    """A page of a browser in which somebody with the role has signed in; "" for a stranger."""

    def make(role: str = "support", **options: Any) -> Page:
        if role:
            options["storage_state"] = signed_in(role)
        return new_context(**options).new_page()

    return make


@pytest.fixture(scope="package")
def _kept_pages(
    browser: Browser,
    browser_context_args: dict[str, Any],
    signed_in: Callable[[str], Any],
    complaints: list[str],
) -> Iterator[Callable[[str], Page]]:
    pages: dict[str, Page] = {}

    def of(role: str) -> Page:
        if role not in pages:
            state = signed_in(role) if role else None
            context = browser.new_context(**browser_context_args, storage_state=state)
            pages[role] = _heed(context, complaints).new_page()
        return pages[role]

    yield of
    for page in pages.values():
        page.context.close()


@pytest.fixture
def look_at(_kept_pages: Callable[[str], Page], browser_context_args: dict[str, Any]) -> LookAt:
    """Go to a path, in the one browser that is kept for the role: for tests that only look."""

    def go(role: str, path: str) -> tuple[Page, int]:
        page = _kept_pages(role)
        page.set_viewport_size(browser_context_args["viewport"])
        answer = page.goto(path)
        assert answer
        return page, answer.status

    return go


@pytest.fixture
def four_eyes(open_page: OpenPage) -> Iterator[AskFor]:
    """Have what is named approved by a second person, for as long as the test lasts."""
    page = open_page("admin")
    rules: list[str] = []

    def ask_for(what: str) -> None:
        page.goto("/approvals/rules/")
        page.get_by_label("A second person has to approve").select_option(what)
        page.get_by_role("button", name="Add rule").click()
        expect(page.get_by_role("table")).to_contain_text(what)
        rules.append(what)
        assert_good(page)

    yield ask_for
    for what in rules:
        page.goto("/approvals/rules/")
        page.get_by_role("button", name=f"the rule to {what.lower()}").click()
        expect(page.locator("#messages")).to_contain_text("The rule is gone.")


@pytest.fixture(scope="session")
def _numbers(portal: RunningPortal) -> Iterator[Number]:
    return (
        number
        for number in sorted(portal.sandbox.numbers(), key=lambda number: number["phone_number"])
        if number["phone_number"].startswith("+1")
        and number["capabilities"]["voice"]
        and number["capabilities"]["sms"]
        and number["voice_url"]
        and number["status"] == "in-use"
        and not (number["voice_application_sid"] or number["sms_application_sid"] or number["trunk_sid"])
    )


@pytest.fixture
def number(_numbers: Iterator[Number]) -> Number:
    """An American number that answers calls at a web address, as Twilio has it. Each test gets another."""
    return next(_numbers)


def sign_in(page: Page, role: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email address").fill(f"{role}@example.com")
    page.get_by_label("Password").fill("numberdesk-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
