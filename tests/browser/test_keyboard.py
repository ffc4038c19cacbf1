"""Everything by keyboard alone: where the focus goes, and that it is seen there."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

FOCUSED = """() => {
    const element = document.activeElement;
    const label = document.getElementById(element.getAttribute("aria-labelledby")) ?? element.labels?.[0];
    return element.getAttribute("aria-label") || (label ?? element).innerText;
}"""


def focused(page: Page) -> str:
    """What somebody at a screen reader would hear of the element with the focus, roughly."""
    text: str = page.evaluate(FOCUSED)
    return " ".join(text.split())


def test_tab_leads_through_the_list_in_the_order_that_is_seen(open_page: OpenPage):
    page = open_page("support")
    page.goto("/numbers/?q=%2B1+20155501")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    order = []
    while not page.locator("[data-row-link]:focus").count():
        page.keyboard.press("Tab")
        order.append(focused(page))
        assert len(order) < 30, "\n".join(order)
    passed = iter(order)  # other controls may stand between these
    for name in (
        "Refresh now", "Export CSV", "Search these numbers", "Country", "More filters", "Columns",
        "Search +1 20155501 Remove this filter", "Clear filters", "9 numbers, sorted by number",
        "Number", "Name",
    ):  # fmt: skip
        assert name in passed, f"{name} is not reached after what stands before it: {order}"


def test_escape_closes_a_menu_and_gives_the_focus_back(open_page: OpenPage):
    page = open_page("support")
    page.goto("/numbers/?q=%2B1+20155501")
    for name, inside in (("Country", "United States"), ("Columns", "Country"), ("Support", "Preferences")):
        menu = page.locator("details.menu").filter(has=page.locator("summary").filter(has_text=name))
        opener = menu.locator("summary")
        opener.focus()
        page.keyboard.press("Enter")
        expect(menu).to_have_attribute("open", "")
        page.keyboard.press("Tab")
        expect(menu.locator(":focus")).to_have_count(1)
        expect(menu.get_by_text(inside, exact=True).last).to_be_visible()
        page.keyboard.press("Escape")
        expect(menu).not_to_have_attribute("open", "")
        expect(opener).to_be_focused()

    # Who leaves a menu closes it.
    page.locator("summary").filter(has_text="More filters").press("Enter")
    page.get_by_role("link", name="Export CSV").focus()
    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_a_filter_is_set_and_a_number_opened_without_a_mouse(open_page: OpenPage):
    page = open_page("support")
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Numbers")
    page.locator("summary").filter(has_text="Type").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Applied filters")).to_contain_text("Type")

    rows = page.locator("[data-row-link]")
    for _ in range(12):
        page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(10)).to_be_focused()
    chosen = rows.nth(10).inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(chosen)


def test_what_has_the_focus_is_never_hidden_under_a_bar(open_page: OpenPage):
    page = open_page("support")
    page.goto("/numbers/")
    page.locator("[data-row-link]").nth(40).focus()
    for _ in range(30):
        page.keyboard.press("k")
        assert page.evaluate(
            """() => {
                const box = document.activeElement.getBoundingClientRect();
                const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                return document.activeElement === top;
            }"""
        ), focused(page)


def test_keys_do_nothing_in_a_field_and_can_be_switched_off(open_page: OpenPage):
    page = open_page("support")
    page.goto("/numbers/")
    search = page.get_by_label("Search these numbers")
    search.press_sequentially("gn/j?")
    expect(search).to_have_value("gn/j?")

    page.goto("/preferences/")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_have_text("Saved.")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a number, SID or name")).not_to_be_focused()


def test_the_theme_is_kept(open_page: OpenPage):
    page = open_page("viewer", color_scheme="light")
    page.goto("/preferences/")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save").click()
    page.goto("/")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
