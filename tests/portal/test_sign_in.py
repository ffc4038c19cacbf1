"""Signing in and out, forgotten passwords, and the pages of one's own account."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.usersessions.models import UserSession
from celery import current_app
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inventory.management.commands import setup_demo
from portal.models import Role, User
from portal.people import sessions, tasks
from tests.factories import PASSWORD, make_user

SIGN_IN = "/accounts/login/"
WRONG = "The email address or the password is wrong."
TOO_MANY = "Too many attempts failed. Wait five minutes, then try again."

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mails_at_once() -> Iterator[None]:
    """No worker listens in tests: tasks run where they are sent."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def sign_in(client: Client, email: str, password: str = PASSWORD, **fields: str) -> HttpResponse:
    return client.post(SIGN_IN, {"login": email, "password": password, **fields})


def signed_in(user: User) -> Client:
    client = Client()
    assert sign_in(client, user.email).status_code == 302
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("mfa_index")).status_code == 200


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def with_second_factor(user: User) -> str:
    """Give somebody a second factor; its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


# The sign-in page


def test_it_lets_password_managers_in_and_labels_its_fields() -> None:
    html = Client().get(SIGN_IN).content.decode()
    assert "placeholder" not in html
    assert re.search(
        r'<label for="id_login">Email address</label>\s*<input[^>]*autocomplete="username"', html
    )
    assert re.search(r'<label for="id_password">Password</label>\s*<input[^>]*"current-password"', html)
    assert "<script" not in html


def test_it_lets_somebody_in_and_leads_to_where_they_wanted_to_go(viewer: User) -> None:
    client = Client()
    there = client.get("/numbers/?country=DE&type=local")
    assert there["Location"] == f"{SIGN_IN}?next=/numbers/%3Fcountry%3DDE%26type%3Dlocal"
    page = client.get(there["Location"]).content.decode()
    assert 'name="next" value="/numbers/?country=DE&amp;type=local"' in page
    done = sign_in(client, viewer.email, next="/numbers/?country=DE&type=local")
    assert done["Location"] == "/numbers/?country=DE&type=local"


def test_it_takes_the_address_in_any_case_and_with_spaces_around_it(viewer: User) -> None:
    assert sign_in(Client(), f"  {viewer.email.upper()} ").status_code == 302


@pytest.mark.parametrize(
    ("login", "password", "messages"),
    [
        ("", "", ["Enter your email address", "Enter your password"]),
        ("somebody", "x", ["Enter an email address such as name@example.com"]),
        ("nobody@example.com", "wrong", [WRONG]),
    ],
)
def test_it_says_what_is_wrong_above_and_beside_the_field(
    login: str, password: str, messages: list[str]
) -> None:
    response = sign_in(Client(), login, password)
    html = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: Sign in" in html
    assert "There is a problem" in html
    for message in messages:
        inline = 0 if message == WRONG else 1
        assert html.count(message) == 1 + inline
    assert f'value="{login}"' in html or not login
    words = re.sub(r"<[^>]*>", " ", html)
    assert not re.search(r"\b(please|sorry|invalid|oops|required)\b", words, re.IGNORECASE)


def test_it_says_the_same_of_a_person_and_of_nobody(viewer: User) -> None:
    known = sign_in(Client(), viewer.email, "wrong-password")
    unknown = sign_in(Client(), "nobody@example.com", "wrong-password")
    assert _without(known, viewer.email) == _without(unknown, "nobody@example.com")


def _without(response: HttpResponse, email: str) -> tuple[int, str]:
    html = re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", response.content.decode())
    return response.status_code, html.replace(email, "")


class CountingHasher(MD5PasswordHasher):
    count = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.count += 1
        return super().encode(password, salt)


def test_it_does_the_same_work_for_a_person_and_for_nobody(settings: pytest.FixtureRequest) -> None:
    settings.PASSWORD_HASHERS = ["tests.portal.test_sign_in.CountingHasher"]
    person = make_user()
    work = []
    for email in (person.email, "nobody@example.com"):
        CountingHasher.count = 0
        sign_in(Client(), email, "wrong-password")
        work.append(CountingHasher.count)
    assert work == [1, 1]


def test_it_stops_counting_on_luck_after_five_wrong_passwords(viewer: User) -> None:
    client = Client()
    for _ in range(5):
        assert WRONG in sign_in(client, viewer.email, "wrong").content.decode()
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert TOO_MANY in sign_in(elsewhere, viewer.email, PASSWORD).content.decode()
    assert sign_in(elsewhere, make_user().email).status_code == 302, "others are not locked out"


def test_it_stops_a_network_that_tries_many_addresses(settings: pytest.FixtureRequest) -> None:
    settings.PASSWORD_HASHERS = ["tests.portal.test_sign_in.CountingHasher"]
    person = make_user()
    CountingHasher.count = 0
    answers = [sign_in(Client(), f"guess{n}@example.com", "wrong") for n in range(40)]
    assert CountingHasher.count <= 10
    assert [answer.status_code for answer in answers[:30]] == [422] * 30
    assert {answer.status_code for answer in answers[30:]} == {429}
    assert "Too many attempts" in answers[-1].content.decode()
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), person.email).status_code == 302


def test_it_counts_wrong_passwords_of_nobody_as_well() -> None:
    for _ in range(5):
        sign_in(Client(), "nobody@example.com", "wrong")
    assert TOO_MANY in sign_in(Client(), "nobody@example.com", "wrong").content.decode()


def test_it_tells_somebody_who_was_switched_off_only_after_the_right_password() -> None:
    person = make_user(is_active=False)
    assert WRONG in sign_in(Client(), person.email, "wrong").content.decode()
    response = sign_in(Client(), person.email)
    assert response["Location"] == reverse("account_inactive")
    assert "switched off" in Client().get(response["Location"]).content.decode()


def test_it_says_who_creates_accounts_where_others_sign_up() -> None:
    page = Client().get(reverse("account_signup")).content.decode()
    assert "Accounts are created by administrators" in page
    assert "<form" not in page
    assert Client().post(reverse("account_signup"), {"email": "me@example.com"}).status_code == 405
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "email/",
        "confirm-email/",
        "confirm-email/abc/",
        "password/set/",
        "login/code/confirm/",
        "3rdparty/",
        "social/connections/",
        "2fa/webauthn/",
        "2fa/",
        "",
    ],
)
def test_it_has_no_page_that_nobody_designed(as_viewer: Client, path: str) -> None:
    assert as_viewer.get(f"/accounts/{path}").status_code == 404


def test_it_lists_the_demo_sign_ins_in_the_demo_only(settings: pytest.FixtureRequest) -> None:
    assert "@example.com</span>" not in Client().get(SIGN_IN).content.decode()
    settings.DEMO = True
    html = Client().get(SIGN_IN, {"next": "/numbers/"}).content.decode()
    for role in Role:
        assert f'name="login" value="{role.value}@example.com"' in html
    person = User.objects.create_user("viewer@example.com", setup_demo.PASSWORD)
    demo_form = html[html.index('id="demo"') :]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', demo_form))
    response = Client().post(SIGN_IN, {**fields, "login": person.email})
    assert response["Location"] == "/numbers/"


# Sessions


def test_it_gives_the_session_a_new_name_at_sign_in_and_ends_it_at_sign_out(viewer: User) -> None:
    client = Client()
    client.session["planted"] = True
    client.session.save()
    before = client.cookies["numberdesk_session"].value
    sign_in(client, viewer.email)
    after = client.cookies["numberdesk_session"].value
    assert before != after
    response = client.post(reverse("account_logout"), follow=True)
    assert response.redirect_chain == [(SIGN_IN, 302)]
    assert "You have signed out." in response.content.decode()
    thief = Client()
    thief.cookies["numberdesk_session"] = after
    assert not is_signed_in(thief)


def test_it_asks_before_it_signs_out_by_a_link(as_viewer: Client) -> None:
    assert "Sign out?" in as_viewer.get(reverse("account_logout")).content.decode()
    assert is_signed_in(as_viewer)


def test_it_ends_a_session_at_the_moment_it_told(viewer: User) -> None:
    client = signed_in(viewer)
    assert _seconds(client) == pytest.approx(10 * 3600, abs=5)
    _let_pass(client, 10 * 3600 - 60)
    assert is_signed_in(client)
    assert _seconds(client) == pytest.approx(60, abs=5)
    assert client.post("/session/", headers={"Accept": "application/json"}).json()["seconds"] > 35_000
    _let_pass(client, 10 * 3600 + 1)
    assert _seconds(client) == 0
    assert not is_signed_in(client)


def _seconds(client: Client) -> int:
    return client.get("/session/", headers={"Accept": "application/json"}).json()["seconds"]


def _let_pass(client: Client, seconds: int) -> None:
    session = client.session
    session[sessions.ENDS] -= seconds
    session.save()


def test_it_says_when_the_session_ends_without_scripts_too(viewer: User) -> None:
    client = signed_in(viewer)
    page = client.get("/session/").content.decode()
    assert "Stay signed in for longer" in page
    assert 'id="session"' in page, "and the dialog is in every page of somebody who signed in"
    assert client.post("/session/", follow=True).redirect_chain == [("/session/", 302)]
    assert Client().get("/session/")["Location"] == f"{SIGN_IN}?next=/session/"


def test_it_leads_back_to_the_page_of_a_form_that_was_sent_too_late() -> None:
    late = Client().post("/sync/numbers/refresh/", headers={"Referer": "http://testserver/numbers/?q=49"})
    assert late["Location"] == f"{SIGN_IN}?next=%2Fnumbers%2F%3Fq%3D49"
    foreign = Client().post("/sync/numbers/refresh/", headers={"Referer": "http://evil.example/numbers/"})
    assert foreign["Location"] == f"{SIGN_IN}?next=%2F"


def test_it_does_not_put_the_sign_in_page_into_a_part_of_another() -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/numbers/?q=49&type=local"}
    response = Client().get("/numbers/", headers=headers)
    assert response["HX-Redirect"] == f"{SIGN_IN}?next=%2Fnumbers%2F%3Fq%3D49%26type%3Dlocal"
    sent = Client().post("/preferences/", headers=headers)
    assert sent.status_code == 401, "its page keeps what was typed and asks for a sign-in"


def test_it_lists_devices_and_signs_out_the_others(viewer: User) -> None:
    phone = Client(HTTP_USER_AGENT="Mozilla/5.0 (Android 14; Mobile) Gecko/130.0 Firefox/130.0")
    sign_in(phone, viewer.email)
    desk = signed_in(viewer)
    page = desk.get(reverse("usersessions_list")).content.decode()
    assert "Firefox 130 on Android" in page
    assert page.count("This one") == 1
    done = desk.post(reverse("usersessions_list"), follow=True)
    assert "All other devices are signed out." in done.content.decode()
    assert is_signed_in(desk)
    assert not is_signed_in(phone)


# Passwords


def test_it_mails_a_link_to_choose_a_password(viewer: User, settings: pytest.FixtureRequest) -> None:
    settings.PUBLIC_URL = "https://numbers.example.com"
    elsewhere = signed_in(viewer)
    response = Client().post(reverse("account_reset_password"), {"email": viewer.email.upper()}, follow=True)
    assert "is on its way" in response.content.decode()
    message = mail.outbox[-1]
    assert message.to == [viewer.email]
    assert message.subject == "Numberdesk: choose a new password"
    assert not message.alternatives
    link = re.search(r"https://numbers\.example\.com(/accounts/password/reset/key/\S+)", message.body)
    assert link

    client = Client()
    form = client.get(link[1], follow=True)
    assert "set-password" in form.redirect_chain[-1][0], "the key does not stay in the address"
    url = form.redirect_chain[-1][0]
    refused = client.post(url, {"password1": "short", "password2": "other"})
    assert refused.status_code == 422
    done = client.post(url, {"password1": "correct-horse-battery", "password2": "correct-horse-battery"})
    assert done["Location"] == SIGN_IN
    assert not is_signed_in(elsewhere), "whoever knew the old password is out"
    assert sign_in(Client(), viewer.email, "correct-horse-battery").status_code == 302
    assert "was changed through a link" in mail.outbox[-1].body
    assert "does not work any more" in Client().get(link[1]).content.decode()


def test_it_says_the_same_when_nobody_has_the_address(viewer: User) -> None:
    known = Client().post(reverse("account_reset_password"), {"email": viewer.email})
    unknown = Client().post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [message.to for message in mail.outbox] == [[viewer.email]]


def test_it_mails_no_link_to_somebody_who_was_switched_off() -> None:
    Client().post(reverse("account_reset_password"), {"email": make_user(is_active=False).email})
    assert not mail.outbox


@pytest.fixture
def _no_broker() -> Iterator[None]:
    broker = current_app.conf.broker_write_url
    current_app.conf.task_always_eager = False
    current_app.conf.broker_write_url = "redis://127.0.0.1:1/0"
    yield
    current_app.conf.broker_write_url = broker


@pytest.mark.usefixtures("_no_broker")
def test_it_mails_the_link_though_the_broker_is_down(viewer: User) -> None:
    response = Client().post(reverse("account_reset_password"), {"email": viewer.email})
    assert response.status_code == 302
    assert len(mail.outbox) == 1


def test_it_lets_somebody_in_at_once_after_a_forgotten_password(viewer: User) -> None:
    for _ in range(5):
        sign_in(Client(), viewer.email, "wrong")
    Client().post(reverse("account_reset_password"), {"email": viewer.email})
    path = urlsplit(re.search(r"http\S+/key/\S+", mail.outbox[-1].body)[0]).path  # type: ignore[index]
    client = Client()
    url = client.get(path)["Location"]
    client.post(url, {"password1": "correct-horse-battery", "password2": "correct-horse-battery"})
    assert sign_in(Client(), viewer.email, "correct-horse-battery").status_code == 302


def test_it_changes_the_password_and_signs_the_others_out(viewer: User) -> None:
    desk, other = signed_in(viewer), signed_in(viewer)
    url = reverse("account_change_password")
    new = "correct-horse-battery"
    wrong = desk.post(url, {"oldpassword": "x", "password1": "numberdesk", "password2": "numberdesk"})
    assert wrong.status_code == 422
    assert wrong.content.decode().count("This is not your current password.") == 2
    done = desk.post(url, {"oldpassword": PASSWORD, "password1": new, "password2": new}, follow=True)
    assert "The password is changed." in done.content.decode()
    assert not is_signed_in(other)
    notice = mail.outbox[-1]
    assert notice.subject == "Numberdesk: your password was changed"
    assert "from 127.0.0.1" in notice.body


# Second factor


def test_it_sets_up_a_second_factor_under_the_strict_policy(viewer: User) -> None:
    client = signed_in(viewer)
    url = reverse("mfa_activate_totp")
    page = client.get(url)
    html = page.content.decode()
    assert 'src="data:image/svg+xml;base64,' in html
    assert " style=" not in html
    assert "no-store" in page["Cache-Control"]
    secret = page.context["secret"]
    assert " ".join(re.findall(".{1,4}", secret)) in html
    wrong = client.post(url, {"code": "000000"})
    assert wrong.status_code == 422
    assert wrong.context["secret"] == secret, "a wrong code does not change what was scanned"
    done = client.post(url, {"code": code_of(secret)}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
    assert len(done.context["unused_codes"]) == 10
    assert secret not in str(Authenticator.objects.get(type="totp").data), "kept encrypted"
    download = client.get(reverse("mfa_download_recovery_codes"))
    assert download["Content-Type"].startswith("text/plain")
    assert "attachment" in download["Content-Disposition"]


def test_it_asks_for_the_code_at_sign_in(viewer: User) -> None:
    secret = with_second_factor(viewer)
    client = Client()
    asked = sign_in(client, viewer.email, next="/numbers/?q=49")
    assert asked["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    wrong = client.post(asked["Location"], {"code": "123"})
    assert wrong.status_code == 422
    assert "<title>Error: Enter your code" in wrong.content.decode()
    code = code_of(secret)
    done = client.post(asked["Location"], {"code": code})
    assert done["Location"] == "/numbers/?q=49"
    for forgotten in (False, True):
        if forgotten:  # by allauth, which remembers it for half a minute
            cache.delete(f"allauth.mfa.totp.used?user={viewer.pk}&code={code}")
        again = Client()
        sign_in(again, viewer.email)
        typed = f"{code[:3]}-{code[3:]}"
        assert again.post(asked["Location"], {"code": typed}).status_code == 422, "a code works once"


def test_it_gives_up_guessing_codes_after_five(viewer: User) -> None:
    secret = with_second_factor(viewer)
    client = Client()
    url = sign_in(client, viewer.email)["Location"]
    for _ in range(5):
        client.post(url, {"code": "123"})
    assert TOO_MANY in client.post(url, {"code": code_of(secret)}).content.decode()


def test_it_lets_somebody_turn_back_who_has_no_code(viewer: User) -> None:
    with_second_factor(viewer)
    client = Client()
    sign_in(client, viewer.email)
    assert client.get(SIGN_IN)["Location"] == reverse("mfa_authenticate")
    client.post(reverse("account_logout"))
    assert client.get(SIGN_IN).status_code == 200


def test_it_takes_each_recovery_code_once(viewer: User) -> None:
    client = signed_in(viewer)
    secret = client.get(reverse("mfa_activate_totp")).context["secret"]
    codes = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}, follow=True)
    code = codes.context["unused_codes"][0]
    for status in (302, 422):
        other = Client()
        url = sign_in(other, viewer.email)["Location"]
        assert other.post(url, {"code": code}).status_code == status
    renewed = client.post(reverse("mfa_generate_recovery_codes"), follow=True)
    assert len(renewed.context["unused_codes"]) == 10
    assert not set(codes.context["unused_codes"]) & set(renewed.context["unused_codes"])


def test_it_removes_the_second_factor_and_ends_other_sessions(viewer: User) -> None:
    other = signed_in(viewer)
    with_second_factor(viewer)
    client = Client()
    client.force_login(viewer)
    url = reverse("mfa_deactivate_totp")
    confirm = client.get(url)
    assert confirm["Location"].startswith(reverse("account_reauthenticate"))
    back = client.post(confirm["Location"], {"password": PASSWORD})
    assert back["Location"] == url
    assert "Remove the second factor" in client.get(url).content.decode()
    client.post(url)
    assert not Authenticator.objects.exists()
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert "does not take a code any more" in mail.outbox[-1].body


def test_it_asks_for_the_password_again_when_the_sign_in_is_a_while_ago(
    viewer: User, settings: pytest.FixtureRequest
) -> None:
    client = signed_in(viewer)
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    wrong = client.post(asked["Location"], {"password": "wrong"})
    assert wrong.status_code == 422
    assert "The password is wrong." in wrong.content.decode()


def test_it_keeps_no_record_of_sessions_that_ended(viewer: User) -> None:
    signed_in(viewer).post(reverse("account_logout"))
    signed_in(viewer)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    alive = signed_in(make_user())
    tasks.forget_ended_sessions()
    assert Session.objects.count() == UserSession.objects.count() == 1
    assert is_signed_in(alive)
