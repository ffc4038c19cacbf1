"""Who gets in where, and what every answer carries, whatever the page."""

import logging
import re
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from celery import current_app
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from structlog.stdlib import ProcessorFormatter

from portal.middleware import RequestLog, SecondFactor
from portal.models import Role, User
from portal.people import actions, sessions
from tests.factories import PASSWORD, make_account, make_user

pytestmark = pytest.mark.django_db

# What the whole world may open. Everything else leads to the sign-in page.
PUBLIC = {
    "healthz",
    "readyz",
    "session",  # says that there is none
    "compliance:bundle-callback",  # Twilio signs these three
    "porting:hosting-callback",
    "porting:porting-webhook",
    "account_login",
    "account_logout",
    "account_signup",  # says that there is no sign-up
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "mfa_authenticate",  # the second step of signing in; without the first it leads to the sign-in page
}


@pytest.fixture(autouse=True)
def _mails_at_once() -> Iterator[None]:
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def _every_url() -> Iterator[tuple[str, str]]:
    """Name and an address of everything in the URLconf."""

    def walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[tuple[str, str]]:
        for entry in resolver.url_patterns:
            path = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
                yield from walk(entry, path, inner)
            elif isinstance(entry, URLPattern):
                yield namespace + (entry.name or path), _filled(path)

    return walk(get_resolver(), "/", "")


def _filled(path: str) -> str:
    """An address that fits a pattern."""
    path = path.replace(r"(?P<uidb36>[0-9A-Za-z]+)", "1").replace("(?P<key>.+)", "abc-def")
    path = path.replace(r"(?P<url>.*)$", "anything").replace("(?P<app_label>portal)", "portal")
    path = re.sub(r"\(\?P<app_label>[^)]*\)", "portal", path)
    path = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", path)
    path = re.sub(r"<(int|path|slug|str):(\w+)>", lambda match: "1" if match[1] == "int" else "x1", path)
    path = re.sub(r"<\w+:?(\w*)>", "PN" + "0" * 32, path)
    return path.replace("^", "").replace("$", "").replace("\\", "")


URLS = sorted(set(_every_url()))


@pytest.mark.parametrize(("name", "path"), URLS, ids=[name for name, _ in URLS])
def test_it_lets_nobody_in_without_a_sign_in(name: str, path: str) -> None:
    for answer in (Client().get(path), Client().post(path)):
        location = answer.headers.get("Location", "")
        if name in PUBLIC:
            assert answer.status_code < 500
        else:
            assert answer.status_code == 302
            assert location.partition("?")[0] in {reverse("account_login"), "/admin/login/"}


def test_it_finds_every_page_in_the_urlconf() -> None:
    names = {name for name, _ in URLS}
    assert names >= PUBLIC
    assert {"home", "help", "people-edit", "inventory:number-detail", "admin:index"} <= names


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nothing/", "/healthz", "/admin/", "/people/"])
def test_it_sends_the_strict_headers_with_every_answer(path: str) -> None:
    client = Client()
    client.force_login(make_user(is_superuser=True))
    _assert_strict(client.get(path))
    _assert_strict(Client().get(path))


def _assert_strict(response: object) -> None:
    headers = response.headers  # type: ignore[attr-defined]
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/help/",
        "/preferences/",
        "/people/",
        "/people/add/",
        "/session/",
        "/accounts/password/",
        "/accounts/second-factor/",
        "/accounts/second-factor/set-up/",
        "/accounts/devices/",
        "/nothing/",
    ],
)
def test_it_has_neither_style_nor_script_inside_its_pages(path: str) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": make_user(Role.ADMIN).email, "password": PASSWORD})
    html = client.get(path).content.decode()
    assert "<style" not in html
    assert not re.search(r'\s(style|on[a-z]+)="', html)
    assert all(' src="' in tag for tag in re.findall(r"<script[^>]*>", html))


def test_it_keeps_cookies_from_scripts_and_from_other_sites(settings: pytest.FixtureRequest) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    client.get("/accounts/login/", secure=True)
    client.post(
        "/accounts/login/", {"login": make_user(Role.VIEWER).email, "password": PASSWORD}, secure=True
    )
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
        assert not cookie["domain"]
    assert not client.cookies[settings.SESSION_COOKIE_NAME]["expires"], "it ends with the browser"


def test_it_insists_on_tls_in_production(settings: pytest.FixtureRequest) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    assert Client().get("/accounts/login/")["Location"] == "https://testserver/accounts/login/"
    assert Client().get("/healthz").status_code == 200
    answer = Client().get("/accounts/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver:80@evil.example"])
def test_it_answers_for_its_own_name_only(host: str) -> None:
    answer = Client().get("/accounts/login/", headers={"Host": host})
    assert answer.status_code == 400
    assert "This request cannot be understood" in answer.content.decode()
    assert host not in answer.content.decode()


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "http://testserver/",
        "javascript:alert(1)",
        " /numbers/",
        "numbers/",
    ],
)
def test_it_leads_to_no_other_site_after_the_sign_in(there: str) -> None:
    fields = {"login": make_user(Role.VIEWER).email, "password": PASSWORD, "next": there}
    assert Client().post("/accounts/login/", fields)["Location"] == "/"
    fields.pop("next")
    assert Client().post("/accounts/login/", fields, query_params={"next": there})["Location"] == "/"


def test_it_refuses_forms_that_other_sites_send(viewer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer)
    for path in ("/preferences/", "/accounts/logout/", "/session/", "/accounts/password/"):
        answer = client.post(path, {"theme": "dark"})
        assert answer.status_code == 403
        assert "This page was open too long" in answer.content.decode()
        assert "Sandbox" in answer.content.decode()
    assert Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x"}).status_code == 403


def test_it_lets_a_page_go_on_after_a_sign_in_in_another_tab(viewer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer)
    old = re.search(r'csrfmiddlewaretoken" value="(\w+)', client.get("/preferences/").content.decode())[1]  # type: ignore[index]
    client.logout()
    page = client.get("/accounts/login/").content.decode()
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)', page)[1]  # type: ignore[index]
    fields = {"login": viewer.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/accounts/login/", fields).status_code == 302
    assert client.post("/preferences/", {"csrfmiddlewaretoken": old}).status_code == 403
    answer = client.get("/session/", headers={"Accept": "application/json"}).json()
    assert answer["person"] == viewer.pk
    assert client.post("/preferences/", {"csrfmiddlewaretoken": answer["token"]}).status_code == 302


def test_it_logs_no_query_and_no_key_of_a_link() -> None:
    make = RequestFactory().get
    assert RequestLog.format_request(make("/numbers/?q=%2B4930123")) == "GET /numbers/"
    key = make("/accounts/password/reset/key/2-c9x1ab-0123456789abcdef/")
    assert RequestLog.format_request(key) == "GET /accounts/password/reset/key/…/"


def test_it_logs_no_request_of_django_s_own_lines() -> None:
    formatter = next(
        h.formatter for h in logging.getLogger().handlers if isinstance(h.formatter, ProcessorFormatter)
    )
    for path, told in {
        "/search/?q=%2B4930123": "/search/",
        "/accounts/password/reset/key/2-c9x1ab-0123456789abcdef/": "/accounts/password/reset/key/…/",
    }.items():
        request = RequestFactory().get(path)
        extra = {"request": request, "status_code": 503}
        record = logging.makeLogRecord(
            {"name": "django.request", "levelno": 40, "msg": "Service Unavailable: %s", **extra}
        )
        record.args = (request.path,)
        line = formatter.format(record)
        assert f"Service Unavailable: {told} " in line
        assert "4930123" not in line
        assert "0123456789abcdef" not in line


def test_it_is_configured_for_production() -> None:
    """The same is run over the production settings by `make check-deploy`; here it is the local ones."""
    call_command("check", fail_level="WARNING")


# The stock admin


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/portal/user/", "/admin/logout/"])
def test_it_has_no_second_way_in_through_the_stock_admin(path: str) -> None:
    answer = Client().get(path, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")
    superuser = make_user(is_superuser=True, is_staff=True)
    Client().post("/admin/login/", {"username": superuser.email, "password": PASSWORD})
    client = Client()
    client.post("/admin/login/", {"username": superuser.email, "password": PASSWORD})
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("fields", [{}, {"is_staff": True}])
def test_it_opens_the_stock_admin_to_superusers_only(fields: dict[str, bool]) -> None:
    client = Client()
    client.force_login(make_user(Role.ADMIN, **fields))
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "for superusers" in answer.content.decode()


def test_it_leads_from_the_stock_admin_to_our_own_password_and_sign_out_pages() -> None:
    client = Client()
    client.force_login(make_user(is_superuser=True))
    assert client.get("/admin/login/")["Location"] == "/admin/"
    wanted = client.get("/admin/login/", {"next": "/admin/portal/user/"})
    assert wanted["Location"] == "/admin/portal/user/"
    assert client.get("/admin/login/", {"next": "//evil.example/"})["Location"] == "/admin/"
    assert client.get("/admin/password_change/")["Location"] == reverse("account_change_password")
    assert client.get("/admin/logout/")["Location"] == reverse("account_logout")


# A second factor that the role demands


@pytest.fixture
def _demanded(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED_ROLES = ["admin", "manager"]


def _client_of(user: User) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    return client


def _code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def _people_asked() -> list[User]:
    account = make_account()
    return [
        make_user(Role.MANAGER),
        make_user(Role.ADMIN, accounts=[account]),
        make_user(is_superuser=True),
    ]


@pytest.mark.usefixtures("_demanded")
def test_it_keeps_roles_that_need_a_second_factor_at_setting_it_up() -> None:
    set_up = reverse("mfa_activate_totp")
    open_to_them = {"mfa_activate_totp", "account_reauthenticate", "account_logout", "session"}
    for person in _people_asked():
        client = _client_of(person)
        for name, path in URLS:
            if name in open_to_them | {"healthz", "readyz"}:
                continue
            answer = client.get(path)
            assert (answer.status_code, answer["Location"]) == (302, set_up), name
        page = client.get(set_up)
        assert page.status_code == 200
        assert "Your role may not be used without one" in page.content.decode()
        assert 'aria-label="Main"' not in page.content.decode()
        assert client.get("/numbers/", headers={"HX-Request": "true"})["HX-Redirect"] == set_up
        assert client.post(reverse("account_logout"))["Location"] == "/accounts/login/"


@pytest.mark.usefixtures("_demanded")
def test_it_lets_them_work_as_soon_as_it_is_set_up() -> None:
    for person in _people_asked():
        client = _client_of(person)
        secret = client.get(reverse("mfa_activate_totp")).context["secret"]
        done = client.post(reverse("mfa_activate_totp"), {"code": _code_of(secret)}, follow=True)
        assert done.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
        assert client.get("/").status_code == 200


@pytest.mark.usefixtures("_demanded")
@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.COMPLIANCE, Role.PORTING])
def test_it_asks_the_other_roles_for_none(role: Role) -> None:
    assert _client_of(make_user(role)).get("/").status_code == 200


@pytest.mark.usefixtures("_demanded")
def test_it_asks_as_soon_as_somebody_gets_such_a_role() -> None:
    person = make_user(Role.VIEWER)
    client = _client_of(person)
    assert client.get("/").status_code == 200
    person.memberships.create(role=Role.MANAGER, all_accounts=True)
    assert client.get("/")["Location"] == reverse("mfa_activate_totp")


@pytest.mark.usefixtures("_demanded")
def test_it_asks_again_when_the_factor_is_gone() -> None:
    person = make_user(Role.MANAGER)
    TOTP.activate(person, generate_totp_secret())
    here, there = Client(), Client()
    for client in (here, there):
        client.force_login(person)
        assert client.get("/").status_code == 200
        assert client.session[sessions.SECOND_FACTOR] is True
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    here.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert sessions.SECOND_FACTOR not in here.session
    assert here.get("/")["Location"] == reverse("mfa_activate_totp")


@pytest.mark.usefixtures("_demanded")
def test_it_asks_again_after_an_administrator_took_the_factor_away() -> None:
    person = make_user(Role.MANAGER)
    client = _client_of(person)
    TOTP.activate(person, generate_totp_secret())
    assert client.get("/").status_code == 200
    actions.reset_second_factor(person, actor=make_user(is_superuser=True))
    assert client.get("/")["Location"].startswith("/accounts/login/")
    assert _client_of(person).get("/")["Location"] == reverse("mfa_activate_totp")


def test_it_costs_no_query_once_the_factor_is_known(settings: pytest.FixtureRequest) -> None:
    person = make_user(Role.MANAGER)
    TOTP.activate(person, generate_totp_secret())
    client = Client()
    client.force_login(person)
    without = _queries_of(client)
    settings.MFA_REQUIRED_ROLES = ["manager"]
    client.get("/help/")
    assert _queries_of(client) == without
    viewer = Client()
    viewer.force_login(make_user(Role.VIEWER))
    assert _queries_of(viewer) == without, "nor for those of whom none is asked"


def _queries_of(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/help/").status_code == 200
    return len(queries)


def test_it_refuses_to_start_with_a_role_that_does_not_exist(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED_ROLES = ["admins"]
    with pytest.raises(ImproperlyConfigured, match="admins"):
        SecondFactor(lambda request: None)  # type: ignore[arg-type,return-value]


def test_it_keeps_second_factors_when_the_keys_are_rotated(settings: pytest.FixtureRequest) -> None:
    person = make_user()
    client = _client_of(person)
    secret = client.get(reverse("mfa_activate_totp")).context["secret"]
    done = client.post(reverse("mfa_activate_totp"), {"code": _code_of(secret)}, follow=True)
    recovery_code = done.context["unused_codes"][0]
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_keys", stdout=StringIO())
    settings.FIELD_ENCRYPTION_KEYS = [new]
    for code in (_code_of(secret), recovery_code):
        client = _client_of(person)
        assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302


def test_it_encrypts_what_makes_the_codes() -> None:
    person = make_user()
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    assert secret not in str(Authenticator.objects.get().data)
    assert django_settings.MFA_ADAPTER == "portal.people.adapters.SecondFactorAdapter"
