"""The pages where administrators say who may do what, and the same in the stock admin."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from celery import current_app
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.access import access_of
from portal.models import Membership, Role, TwilioAccount, User
from portal.people.forms import PersonForm
from tests.factories import PASSWORD, make_account, make_user

pytestmark = pytest.mark.django_db
Edit = Callable[..., Any]


@pytest.fixture(autouse=True)
def _mails_at_once() -> Iterator[None]:
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@pytest.fixture
def admin() -> User:
    return make_user(Role.ADMIN, first_name="Ada", last_name="Min")


@pytest.fixture
def as_admin(admin: User) -> Client:
    return _client_of(admin)


def _client_of(person: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return client


def _url(name: str, person: User) -> str:
    return reverse(f"people-{name}", args=[person.pk])


def _fields(client: Client, person: User | None = None, **changes: Any) -> dict[str, Any]:
    """What the browser sends from the form as it stands, with changes."""
    page = client.get(_url("edit", person) if person else reverse("people-add"))
    form: PersonForm = page.context["form"]
    fields = {field.html_name: field.value() or "" for field in form if not field.name.endswith("_accounts")}
    fields |= {
        field.html_name: field.value() for field in form if field.name.endswith("_accounts") and field.value()
    }
    return fields | changes


def test_it_lists_people_with_their_roles(as_admin: Client) -> None:
    account = make_account(friendly_name="EU Retail")
    person = make_user(Role.SUPPORT, accounts=[account], first_name="Sue", last_name="Port")
    TOTP.activate(person, generate_totp_secret())
    make_user(Role.VIEWER, is_active=False)
    make_user()
    make_user(is_superuser=True)
    html = " ".join(re.sub(r"<[^>]*>", " ", as_admin.get(reverse("people-list")).content.decode()).split())
    assert f"Sue Port {person.email} Support on EU Retail On never Not signed in yet" in html
    for words in ("Switched off", "No role yet", "Superuser", "Administrator on all accounts", "5 people"):
        assert words in html


def test_it_reads_the_list_in_as_many_queries_however_many_people_there_are(as_admin: Client) -> None:
    accounts = [make_account(), make_account()]
    counts = []
    for _ in range(2):
        for role in Role:
            make_user(role, accounts=accounts)
        with CaptureQueriesContext(connection) as queries:
            as_admin.get(reverse("people-list"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_it_is_for_administrators(role: Role) -> None:
    client = Client()
    client.force_login(make_user(role))
    person = make_user()
    assert client.get(reverse("people-list")).status_code == 403
    assert client.post(reverse("people-add"), {"email": "new@example.com"}).status_code == 403
    for name in ("edit", "link", "second-factor", "sign-out", "active"):
        assert client.post(_url(name, person)).status_code == 403
    assert 'href="/people/"' not in client.get("/").content.decode()
    person.refresh_from_db()
    assert person.is_active


def test_it_knows_nobody_under_a_foreign_key_and_takes_forms_only(as_admin: Client, viewer: User) -> None:
    for name in ("edit", "link", "second-factor", "sign-out", "active"):
        assert as_admin.post(reverse(f"people-{name}", args=[999_999])).status_code == 404
        if name != "edit":
            assert as_admin.get(_url(name, viewer)).status_code == 405


def test_it_adds_a_person_who_chooses_a_password_by_a_link(as_admin: Client, admin: User) -> None:
    account = make_account(friendly_name="EU Retail")
    fields = _fields(
        as_admin,
        first_name="Sue",
        email="Sue@Example.com",
        support="named",
        support_accounts=[account.pk],
        viewer="all",
    )
    done = as_admin.post(reverse("people-add"), fields, follow=True)
    person = User.objects.get(email="sue@example.com")
    assert done.redirect_chain[-1][0] == _url("edit", person)
    assert "Sue was added" in done.content.decode()
    assert not person.has_usable_password()
    access = access_of(person)
    assert (access.role_names, set(access.by_account)) == (("Viewer", "Support"), {account.pk})
    link = re.search(r"http://\S+?(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)
    assert link
    assert mail.outbox[-1].subject == "Numberdesk: choose a password"
    client = Client()
    url = client.get(link[1])["Location"]
    client.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    assert _client_of(person).get("/numbers/").status_code == 200
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (admin, str(person.pk))
    assert entry.change_message.splitlines() == [
        "Added, and sent a link to choose a password",
        "Given: Viewer on all accounts",
        "Given: Support on EU Retail",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"email": ""}, "Enter an email address"),
        ({"email": "sue"}, "Enter an email address such as name@example.com"),
        ({"email": "ADA@example.com"}, "Ada Min already signs in with this address"),
        ({"support": "named"}, "Choose the accounts of the role Support"),
    ],
)
def test_it_says_what_is_wrong_and_keeps_what_was_typed(changes: dict[str, str], message: str) -> None:
    ada = User.objects.create_user("ada@example.com", PASSWORD, first_name="Ada", last_name="Min")
    Membership.objects.create(user=ada, role=Role.ADMIN, all_accounts=True)
    client = _client_of(ada)
    fields = _fields(client, first_name="Sue", email="sue@example.com", manager="all")
    answer = client.post(reverse("people-add"), fields | changes)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert html.count(message) == 2
    assert 'value="Sue"' in html
    assert re.search(r'name="manager" value="all"[^>]*checked', html)
    assert User.objects.count() == 1


def test_it_adds_a_person_once_however_often_the_form_is_sent(as_admin: Client) -> None:
    fields = _fields(as_admin, email="sue@example.com", viewer="all")
    assert as_admin.post(reverse("people-add"), fields).status_code == 302
    assert as_admin.post(reverse("people-add"), fields).status_code == 422
    assert User.objects.filter(email="sue@example.com").count() == 1
    assert len(mail.outbox) == 1


def test_it_changes_roles_at_once_and_says_what_changed(as_admin: Client, viewer: User) -> None:
    account = make_account(friendly_name="EU Retail")
    theirs = _client_of(viewer)
    assert theirs.get("/sync/").status_code == 403
    fields = _fields(
        as_admin, viewer, first_name="Vi", viewer="no", support="named", support_accounts=account.pk
    )
    answer = as_admin.post(_url("edit", viewer), fields, follow=True)
    assert "Saved." in answer.content.decode()
    assert theirs.get("/sync/").status_code == 200
    html = answer.content.decode()
    for words in ("Name: none → Vi", "Taken: Viewer on all accounts", "Given: Support on EU Retail"):
        assert words in html
    again = as_admin.post(_url("edit", viewer), _fields(as_admin, viewer), follow=True)
    assert "Nothing was changed." in again.content.decode()
    assert LogEntry.objects.count() == 1


def test_it_does_not_overwrite_what_somebody_else_changed_meanwhile(as_admin: Client, viewer: User) -> None:
    mine = _fields(as_admin, viewer, first_name="Mine")
    theirs = _fields(as_admin, viewer, last_name="Theirs")
    as_admin.post(_url("edit", viewer), theirs)
    answer = as_admin.post(_url("edit", viewer), mine)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "Somebody else has changed this person" in html
    assert "Name: none → Theirs" in html
    assert 'value="Mine"' in html
    viewer.refresh_from_db()
    assert viewer.get_full_name() == "Theirs"
    renewed = mine | {"opened_with": answer.context["form"]["opened_with"].value()}
    assert as_admin.post(_url("edit", viewer), renewed).status_code == 302
    viewer.refresh_from_db()
    assert viewer.get_full_name() == "Mine"


def test_it_switches_a_sign_in_off_and_on(as_admin: Client, viewer: User) -> None:
    client = _client_of(viewer)
    as_admin.post(_url("active", viewer), {"active": "no"})
    assert client.get("/").status_code == 302
    assert not UserSession.objects.filter(user=viewer).exists()
    as_admin.post(_url("active", viewer), {"active": "yes"})
    assert _client_of(viewer).get("/").status_code == 200
    messages = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert messages == ["Sign-in switched off", "Sign-in switched on"]


def test_it_resets_a_second_factor_and_ends_the_sessions(as_admin: Client, viewer: User) -> None:
    client = _client_of(viewer)
    TOTP.activate(viewer, generate_totp_secret())
    assert "Remove the second factor" in as_admin.get(_url("edit", viewer)).content.decode()
    as_admin.post(_url("second-factor", viewer))
    assert not Authenticator.objects.exists()
    assert client.get("/").status_code == 302


def test_it_signs_somebody_out_everywhere(as_admin: Client, viewer: User) -> None:
    clients = [_client_of(viewer), _client_of(viewer)]
    as_admin.post(_url("sign-out", viewer))
    assert [client.get("/").status_code for client in clients] == [302, 302]
    assert as_admin.get("/").status_code == 200


def test_it_sends_a_link_again(as_admin: Client, viewer: User) -> None:
    as_admin.post(_url("link", viewer))
    assert mail.outbox[-1].to == [viewer.email]


def test_it_keeps_an_administrator_from_locking_themselves_out(as_admin: Client, admin: User) -> None:
    fields = _fields(as_admin, admin, admin="no")
    answer = as_admin.post(_url("edit", admin), fields)
    assert answer.status_code == 422
    assert "You cannot take the administrator role on all accounts from yourself." in answer.content.decode()
    answer = as_admin.post(_url("active", admin), {"active": "no"}, follow=True)
    assert "You cannot switch your own sign-in off." in answer.content.decode()
    assert as_admin.get(reverse("people-list")).status_code == 200


def test_it_leaves_superusers_to_superusers(as_admin: Client) -> None:
    root = make_user(is_superuser=True, first_name="Root")
    page = as_admin.get(_url("edit", root)).content.decode()
    assert "Only a superuser can change that sign-in." in page
    fields = {"email": "mine@example.com", "opened_with": "", **{role.value: "no" for role in Role}}
    for name in ("edit", "link", "second-factor", "sign-out", "active"):
        answer = as_admin.post(_url(name, root), fields)
        assert answer.status_code == 403
        assert "only a superuser can change that sign-in" in answer.content.decode()
    root.refresh_from_db()
    assert root.is_active
    assert not mail.outbox
    other = _client_of(make_user(is_superuser=True))
    assert other.post(_url("sign-out", root)).status_code == 302


def test_it_takes_no_field_that_the_form_does_not_have(as_admin: Client, viewer: User) -> None:
    more = {"is_superuser": "on", "is_staff": "on", "password": "x", "id": "1"}
    as_admin.post(_url("edit", viewer), _fields(as_admin, viewer, first_name="Vi") | more)
    viewer.refresh_from_db()
    assert (viewer.first_name, viewer.is_superuser, viewer.is_staff) == ("Vi", False, False)
    assert viewer.check_password(PASSWORD)


def test_it_answers_htmx_with_the_same_region(as_admin: Client, viewer: User) -> None:
    headers = {"HX-Request": "true", "HX-Target": "person"}
    part = as_admin.post(_url("edit", viewer), _fields(as_admin, viewer, email="x"), headers=headers)
    assert part.status_code == 422
    assert part.content.decode().strip().startswith('<div id="person">')
    done = as_admin.post(_url("edit", viewer), _fields(as_admin, viewer), headers=headers)
    assert _url("edit", viewer) in done["HX-Location"]


# The stock admin


@pytest.fixture
def as_superuser() -> Client:
    return _client_of(make_user(is_superuser=True))


@pytest.mark.parametrize("model", ["user", "twilioaccount", "operation", "change", "syncrun"])
def test_it_shows_people_and_what_the_portal_wrote_to_superusers(as_superuser: Client, model: str) -> None:
    make_account()
    assert as_superuser.get(reverse(f"admin:portal_{model}_changelist")).status_code == 200


def test_it_changes_nothing_that_is_mirrored_in_the_stock_admin(as_superuser: Client) -> None:
    account = make_account(auth_token="t" * 32)
    TwilioAccount.objects.update(auth_token="canary-token", api_key_secret="canary-secret")
    page = as_superuser.get(reverse("admin:portal_twilioaccount_change", args=[account.pk]))
    assert page.status_code == 200
    assert "canary" not in page.content.decode()
    assert (
        as_superuser.post(reverse("admin:portal_twilioaccount_change", args=[account.pk])).status_code == 403
    )
    for model in ("twilioaccount", "operation", "change", "syncrun"):
        assert as_superuser.get(reverse(f"admin:portal_{model}_add")).status_code == 403


def test_it_adds_people_in_the_stock_admin_and_mails_them_a_link(as_superuser: Client) -> None:
    inline = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    fields = {"email": "Sue@Example.com", "first_name": "Sue", "usable_password": "false", **inline}
    done = as_superuser.post(reverse("admin:portal_user_add"), fields)
    assert done.status_code == 302
    person = User.objects.get(email="sue@example.com")
    assert mail.outbox[-1].to == [person.email]
    page = as_superuser.get(reverse("admin:portal_user_change", args=[person.pk]))
    assert page.status_code == 200


def test_it_refuses_a_role_on_no_account_in_the_stock_admin(as_superuser: Client, viewer: User) -> None:
    url = reverse("admin:portal_user_change", args=[viewer.pk])
    membership = viewer.memberships.get()
    fields = {
        "email": viewer.email,
        "is_active": "on",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": membership.pk,
        "memberships-0-user": viewer.pk,
        "memberships-0-role": "viewer",
    }
    assert "Choose the accounts of the role viewer" in as_superuser.post(url, fields).content.decode()
    assert as_superuser.post(url, fields | {"memberships-0-all_accounts": "on"}).status_code == 302


@pytest.mark.parametrize("action", ["send_links", "sign_out", "remove_second_factors"])
def test_it_acts_on_people_in_the_stock_admin(as_superuser: Client, viewer: User, action: str) -> None:
    TOTP.activate(viewer, generate_totp_secret())
    url = reverse("admin:portal_user_changelist")
    as_superuser.post(url, {"action": action, "_selected_action": [viewer.pk]})
    assert LogEntry.objects.filter(object_id=str(viewer.pk)).count() == 1
    assert len(mail.outbox) == (action == "send_links")
    assert Authenticator.objects.exists() == (action != "remove_second_factors")
