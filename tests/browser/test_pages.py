"""Every page there is: accessible in light and dark, no wider than a telephone, and quiet on the console."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import expect

from tests.browser.accessibility import FRAME, NARROWEST, assert_good
from tests.browser.conftest import LookAt, OpenPage
from tests.browser.running import RunningPortal, SandboxDoor

# By URL name, so that a new page is missed here. `{number}` and the like stand for some that exist.
PAGES = {
    "home": ["/"],
    "search": ["/search/", "/search/?q=reception", "/search/?q=%2B1+201*", "/search/?q=nothing+of+that+name"],
    "sync-health": ["/sync/"],
    "delivery-list": ["/deliveries/", "/deliveries/?state=failed"],
    "preferences": ["/preferences/"],
    "help": ["/help/"],
    "session": ["/session/"],
    "people-list": ["/people/"],
    "people-add": ["/people/add/"],
    "people-edit": ["{person}"],
    "account_change_password": ["/accounts/password/"],
    "account_reauthenticate": ["/accounts/confirm/"],
    "account_logout": ["/accounts/logout/"],
    "mfa_index": ["/accounts/second-factor/"],
    "mfa_activate_totp": ["/accounts/second-factor/set-up/"],
    "usersessions_list": ["/accounts/devices/"],
    "inventory:number-list": [
        "/numbers/",
        "/numbers/?country=US&type=local&can=voice&q=20155501",
        "/numbers/?q=nothing+of+that+name",
        "/numbers/?listed=no",
        "/numbers/?q=20155501&columns=status&columns=emergency&columns=tags&columns=sid&columns=address",
    ],
    "inventory:number-detail": ["{number}", "{german}"],
    "inventory:number-configure": ["{number}configure/"],
    "inventory:number-annotate": ["{number}annotate/"],
    "inventory:number-keep": ["{number}keep/"],
    "inventory:number-emergency": ["{number}emergency/"],
    "inventory:address-list": ["/addresses/", "/addresses/?q=nothing+of+that+name"],
    "inventory:address-detail": ["{address}"],
    "inventory:address-numbers": ["{address}numbers/"],
    "inventory:address-create": ["/addresses/new/", "/addresses/new/?account={account}&country=DE"],
    "inventory:address-edit": ["{address}edit/"],
    "inventory:address-delete": ["{address}delete/"],
    "inventory:address-fit": ["/addresses/fit/"],
    "inventory:emergency-coverage": ["/emergency/"],
    "inventory:risk-list": ["/numbers/risk/?size=25", "/numbers/risk/?q=nothing+of+that+name"],
    "inventory:activity-rule": ["/numbers/activity/"],
    "inventory:released-list": ["/numbers/released/", "/numbers/released/?q=555"],
    "inventory:cost-list": ["/costs/", "/costs/?by=country", "/costs/?by=tag"],
    "inventory:budget-set": ["/costs/budgets/{account}/"],
    "inventory:number-intake": ["/numbers/intake/"],
    "inventory:number-import": ["/numbers/import/"],
    "inventory:number-search": [
        "/numbers/buy/",
        "/numbers/buy/?country=US",
        "/numbers/buy/?country=US&type=local&contains=555",
        "/numbers/buy/?country=US&type=local&contains=77777777",
        "/numbers/buy/?country=DE&type=local",
        "/numbers/buy/?country=US&type=local&use=voicemail",
    ],
    "inventory:pattern-help": ["/numbers/buy/pattern/", "/numbers/buy/pattern/?pattern=415*DESK&country=US"],
    "inventory:purchase-refusals": ["/numbers/buy/refusals/"],
    "inventory:cart-detail": ["/numbers/buy/cart/{account}/"],
    "inventory:preset-list": ["/numbers/presets/"],
    "inventory:preset-create": ["/numbers/presets/add/"],
    "inventory:sender-list": ["/senders/"],
    "inventory:sender-add": ["/senders/add/"],
    "inventory:sender-test": ["/senders/test/"],
    "compliance:document-list": ["/documents/"],
    "compliance:document-radar": ["/documents/ages/"],
    "compliance:document-upload": ["/documents/new/"],
    "compliance:deadline-list": ["/deadlines/", "/deadlines/?due=7&q=nothing+of+that+name"],
    "compliance:review-list": ["/reviews/", "/reviews/?late=in-time"],
    "compliance:review-escalation": ["/reviews/escalation/"],
    "compliance:compliance-report": [
        "/compliance/report/",
        "/compliance/report/?open=all&quiet=1",
        "/compliance/report/?country=JP",
    ],
    "compliance:standing-rule": ["/compliance/report/rule/"],
    "compliance:number-assign": ["{number}assign/", "{german}assign/"],
    "compliance:regulation-list": [
        "/regulations/",
        "/regulations/?country=DE",
        "/regulations/?q=nothing+of+that+name",
    ],
    "compliance:regulation-detail": ["{regulation}"],
    "compliance:regulation-versions": ["{regulation}versions/"],
    "compliance:regulation-checklist": ["{regulation}checklist/"],
    "compliance:bundle-list": [
        "/bundles/",
        "/bundles/?next=us&country=DE",
        "/bundles/?q=nothing+of+that+name",
    ],
    "compliance:bundle-detail": ["{bundle}", "{rejected}"],
    "compliance:bundle-edit": ["{bundle}edit/"],
    "compliance:bundle-delete": ["{bundle}delete/"],
    "compliance:bundle-reveal": ["{bundle}reveal/email/"],
    "compliance:end-user-list": ["/end-users/", "/end-users/?q=nothing+of+that+name"],
    "compliance:end-user-detail": ["{end_user}"],
    "compliance:end-user-edit": ["{end_user}edit/"],
    "compliance:end-user-delete": ["{end_user}delete/"],
    "compliance:bundle-create": ["/bundles/new/", "/bundles/new/?country=FR"],
    "compliance:own-number-list": ["/own-numbers/"],
    "compliance:holder-list": ["{regulation}holders/"],
    "porting:port-in-list": ["/port-ins/", "/port-ins/?q=nothing+of+that+name"],
    "porting:port-in-calendar": ["/port-ins/calendar/"],
    "porting:deadline-list": ["/porting/deadlines/"],
    "porting:porting-webhook-list": ["/porting/webhooks/"],
    "porting:check-create": ["/port-ins/checks/"],
    "porting:draft-list": ["/port-ins/drafts/"],
    "reveal-list": ["/reveals/"],
    "purge-list": ["/purges/"],
    "porting:hosted-order-list": [
        "/porting/hosting/orders/",
        "/porting/hosting/orders/?turn=us&status=received",
        "/porting/hosting/orders/?q=999999999",
    ],
    "porting:eligibility-create": ["/porting/hosting/checks/"],
    "porting:bulk-hosting": ["/porting/hosting/bulk/"],
    "porting:authorization-list": ["/porting/hosting/letters/", "/porting/hosting/letters/?q=PX99"],
    "batch-list": ["/batches/"],
    "approval-rules": ["/approvals/rules/"],
}
FOR_STRANGERS = {
    "account_login": ["/accounts/login/"],
    "account_signup": ["/accounts/signup/"],
    "account_inactive": ["/accounts/inactive/"],
    "account_reset_password": ["/accounts/password/reset/"],
    "account_reset_password_done": ["/accounts/password/reset/done/"],
    "account_reset_password_from_key": ["/accounts/password/reset/key/1-wrong/"],
}
# About things that the demo does not have until somebody makes them.
ON_THE_WAY = {
    "compliance:end-user-reveal",
    "compliance:document-detail", "compliance:document-edit", "compliance:document-replace",
    "compliance:document-delete", "compliance:document-reveal", "compliance:document-file-reveal",
    "compliance:renewal-detail", "compliance:renewal-batch",
    "compliance:bulk-assign", "compliance:bulk-assign-review",
    "compliance:bundle-tasks", "compliance:bundle-end-user", "compliance:bundle-address",
    "compliance:bundle-way", "compliance:bundle-contact", "compliance:bundle-document",
    "compliance:bundle-check", "compliance:bundle-submitted", "compliance:bundle-spelling",
    "porting:port-in-detail", "porting:port-in-fix", "porting:port-in-fix-check", "porting:port-in-set-up",
    "note-mail", "note-file", "note-file-reveal", "porting:port-in-note-mail", "porting:port-in-ticket",
    "porting:port-in-cancel", "porting:port-in-number-cancel", "porting:port-in-reveal",
    "porting:porting-webhook-edit",
    "porting:check-detail", "porting:draft-tasks", "porting:draft-numbers", "porting:draft-bill",
    "porting:draft-details", "porting:draft-when", "porting:draft-check", "porting:draft-filed",
    "delivery-detail", "delivery-body",
    "batch-detail", "inventory:bulk-change", "inventory:bulk-preview", "inventory:preset-edit",
    "inventory:bulk-release", "inventory:bulk-transfer", "inventory:bulk-transfer-review",
    "inventory:bulk-emergency", "inventory:bulk-emergency-review", "inventory:purchase-check",
    "inventory:number-chosen",
    "porting:eligibility-detail", "porting:hosted-order-detail", "porting:hosted-order-call",
    "porting:hosted-order-delete", "porting:hosted-order-release", "porting:hosted-order-reveal",
    "porting:authorization-detail", "porting:authorization-create", "porting:authorization-revoke",
    "porting:authorization-reveal",
    "inventory:sender-country", "inventory:sender-default", "inventory:sender-remove",
    "view-add", "view-edit", "file-preview",
}  # fmt: skip
ERRORS = {
    "/nowhere/": 404,
    "/numbers/PN00000000000000000000000000000000/": 404,
    "/sync/numbers/refresh/": 405,
    "/webhooks/bundles/": 405,
    "/porting/hosting/orders/HR00000000000000000000000000000000/": 404,
    "/people/": 403,
}
NOT_PAGES = {
    "compliance:bundle-export", "compliance:bundle-note", "compliance:bundle-refresh",
    "compliance:bundle-evaluate", "compliance:end-user-export", "compliance:end-user-note",
    "compliance:end-user-refresh",
    "compliance:deadline-export", "compliance:renewal-select", "compliance:renewal-discard",
    "compliance:renewal-start", "compliance:renewal-evaluate", "compliance:renewal-submit",
    "compliance:renewal-replace", "compliance:renewal-delete", "compliance:renewal-refresh",
    "compliance:review-export",
    "compliance:compliance-report-export",
    "compliance:bundle-regulation",
    "compliance:document-export", "compliance:document-note", "compliance:document-refresh",
    "porting:check-prepare", "porting:check-stop", "porting:check-again", "porting:check-export",
    "porting:draft-delete", "porting:draft-leave-out",
    "porting:port-in-fix-note",
    "porting:port-in-export", "porting:port-in-refresh", "porting:port-in-note", "porting:port-in-tick",
    "porting:porting-webhook", "porting:porting-webhook-delete", "compliance:own-number-remove",
    "porting:deadline-export", "porting:deadline-remind",
    "file-download", "file-page",
    "delivery-replay", "compliance:bundle-callback", "porting:hosting-callback",
    "porting:hosted-order-export", "porting:hosted-order-select", "porting:hosted-order-refresh",
    "porting:hosted-order-note", "porting:hosted-order-bill", "porting:hosted-order-code",
    "porting:eligibility-export", "porting:authorization-again",
    "porting:eligibility-again", "porting:order-create", "porting:order-draft",
    "porting:authorization-export", "porting:authorization-refresh", "porting:authorization-note",
    "healthz", "readyz", "sync-refresh", "people-link", "people-second-factor", "people-sign-out",
    "people-active", "inventory:number-export", "inventory:number-note", "inventory:number-refresh",
    "mfa_download_recovery_codes",
    "inventory:address-export", "inventory:address-note", "inventory:address-refresh",
    "inventory:address-fit-export", "inventory:emergency-coverage-export",
    "inventory:risk-export", "inventory:risk-select", "inventory:number-keep-end",
    "inventory:released-export", "inventory:cost-export", "inventory:budget-remove",
    "inventory:cart-add", "inventory:cart-remove", "inventory:purchase-discard",
    "inventory:number-select", "inventory:bulk-discard", "inventory:preset-delete", "inventory:sender-export",
    "approval-rule-delete", "batch-export", "batch-stop", "batch-retry", "batch-decide", "batch-withdraw",
    "view-replace", "view-delete",
    # Parts of others, or only for people with a second factor, of whom the demo has none.
    "sync-progress", "mfa_authenticate", "mfa_reauthenticate", "mfa_deactivate_totp",
    "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
}  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where the objects are that pages are about."""

    number: str
    german: str
    address: str
    account: str
    person: str
    regulation: str
    bundle: str
    rejected: str
    end_user: str


@pytest.fixture(scope="session")
def places(portal: RunningPortal) -> Places:
    numbers = portal.sandbox.numbers()
    german = next(
        number for number in numbers if number["phone_number"].startswith("+49") and number["address_sid"]
    )
    draft = portal.sandbox.bundles("draft")[0]
    american = next(number for number in numbers if number["phone_number"].startswith("+1"))
    return Places(
        number=f"/numbers/{american['sid']}/",
        german=f"/numbers/{german['sid']}/",
        address=f"/addresses/{german['address_sid']}/",
        account=american["account_sid"],
        person="/people/1/",
        regulation=f"/regulations/{draft['regulation_sid']}/",
        bundle=f"/bundles/{draft['sid']}/",
        rejected=f"/bundles/{portal.sandbox.bundles('twilio-rejected')[0]['sid']}/",
        end_user=f"/end-users/{portal.sandbox.end_users()[0]['sid']}/",
    )


def every(pages: dict[str, list[str]]) -> list[str]:
    return [path for paths in pages.values() for path in paths]


@pytest.mark.parametrize("path", every(PAGES))
def test_a_page_is_accessible(look_at: LookAt, places: Places, path: str):
    page, status = look_at("admin", path.format_map(vars(places)))
    assert status == 200
    assert_good(page)


@pytest.mark.parametrize("path", every(FOR_STRANGERS))
def test_a_page_for_strangers_is_accessible(look_at: LookAt, path: str):
    page, _ = look_at("", path)
    assert_good(page)


@pytest.mark.parametrize(("path", "status"), ERRORS.items())
def test_a_page_that_says_no_is_accessible(look_at: LookAt, path: str, status: int):
    page, answered = look_at("viewer", path)
    assert answered == status
    assert_good(page)


@pytest.mark.parametrize("part", FRAME)
def test_the_frame_of_every_page_is_accessible(look_at: LookAt, part: str):
    page, _ = look_at("admin", "/")
    assert_good(page, part)


def test_open_menus_are_accessible(open_page: OpenPage):
    page = open_page("support")
    page.goto("/numbers/?q=%2B1+20155501")
    for menu in ("Country", "More filters", "Columns", "All 4 accounts", "Support"):
        page.locator("summary").filter(has_text=menu).click()
        expect(page.locator("details.menu[open]")).to_have_count(1)
        assert_good(page, "details.menu[open]")


def test_the_navigation_of_a_small_screen_is_accessible(open_page: OpenPage):
    page = open_page("manager")
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    page.goto("/help/")
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(navigation).to_be_visible()
    assert_good(page, "#nav")
    page.keyboard.press("Escape")
    expect(navigation).to_be_hidden()


def test_the_pages_of_a_bulk_change_are_accessible(open_page: OpenPage, sandbox: SandboxDoor):
    page = open_page("support")
    page.goto("/numbers/?country=GB&size=25")
    assert_good(page)
    rows = page.get_by_role("checkbox", name="Tick +44")
    chosen = {rows.nth(index).get_attribute("value") for index in (0, 1)}
    rows.nth(0).check()
    rows.nth(1).check()
    assert_good(page, ".selection")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What to change")
    page.get_by_role("checkbox", name="Name", exact=True).check()
    page.locator("[name=friendly_name]").fill("Changed together")
    assert_good(page)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you change")
    assert_good(page)
    page.get_by_role("button", name="Change the ticked numbers at Twilio").click()
    expect(page.get_by_role("table")).to_contain_text("Done")
    page.reload()
    assert_good(page)
    at_twilio = {
        number["sid"] for number in sandbox.numbers() if number["friendly_name"] == "Changed together"
    }
    assert at_twilio == chosen


def test_the_pages_of_a_saved_view_are_accessible(open_page: OpenPage):
    page = open_page("manager")
    page.goto("/numbers/?q=20155501")
    page.get_by_role("link", name="Save this view").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Save this view")
    assert_good(page)
    page.get_by_label("Name").last.fill("New Jersey")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("New Jersey")
    assert_good(page)
    page.locator("main a[href^='/views/']").first.evaluate("link => link.click()")
    expect(page.get_by_role("heading", level=1)).to_have_text("New Jersey")
    assert_good(page)


def test_the_pages_of_a_preset_and_a_sender_are_accessible(open_page: OpenPage):
    page = open_page("admin")
    page.goto("/numbers/presets/add/")
    page.get_by_label("Name of the preset").fill("Reception")
    page.get_by_role("checkbox", name="Owner", exact=True).check()
    page.locator("[name=owner]").fill("Front desk")
    page.get_by_role("button", name="Save preset").click()
    page.get_by_role("link", name="Reception").first.click()
    assert_good(page)

    page.goto("/senders/add/")
    page.get_by_label("Account").select_option(index=1)
    page.get_by_label("Country of the recipients").select_option("GB")
    page.get_by_label("Sender ID", exact=True).fill("QUILLMERE")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("QUILLMERE")
    assert_good(page)
    country = page.url
    page.get_by_role("link", name="Change the default").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    assert_good(page)
    page.goto(country)
    page.get_by_role("link", name="Remove").first.click()
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
    assert_good(page)


def test_the_pages_of_pasted_numbers_and_of_their_emergency_address_are_accessible(
    open_page: OpenPage, sandbox: SandboxDoor
):
    without = [
        number
        for number in sandbox.numbers()
        if number["phone_number"].startswith("+1512") and not number["emergency_address_sid"]
    ]
    same = [number for number in without if number["account_sid"] == without[0]["account_sid"]][:2]
    page = open_page("admin")
    page.goto("/numbers/intake/")
    pasted = [*(number["phone_number"] for number in same), "no number"]
    page.get_by_label("Numbers", exact=True).fill("\n".join(pasted))
    page.get_by_role("button", name="Find numbers").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("found")
    assert_good(page)
    page.get_by_role("button", name="Emergency address").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Emergency address")
    assert_good(page)
    page.get_by_role("radio").last.check()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you change")
    assert_good(page)


def test_no_page_was_forgotten():
    known = {*PAGES, *FOR_STRANGERS, *ON_THE_WAY, *NOT_PAGES}
    assert set(named_urls(get_resolver())) == known


def named_urls(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}"
        elif pattern.namespace != "admin":  # Django's own; only its colours are ours
            yield from named_urls(pattern, f"{pattern.namespace}:" if pattern.namespace else namespace)
