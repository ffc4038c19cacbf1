"""Who may do what on which accounts, by role and by the accounts of the role."""

import re
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from inventory import urls as inventory_urls
from inventory.models import PhoneNumber
from portal.access import PERMISSION_WORDS, ROLES, Permission, access_of, administrators, people_with
from portal.models import Membership, Note, Role, SyncRun, TwilioAccount, User
from tests.factories import make_account, make_address, make_number, make_user

pytestmark = pytest.mark.django_db

ALL = set(Permission)
STAFF = {
    Permission.VIEW,
    Permission.ANNOTATE,
    Permission.EXPORT,
    Permission.REFRESH,
    Permission.SHARE_VIEWS,
    Permission.VIEW_SYNC,
}
NUMBERS = {
    Permission.UPDATE_NUMBER,
    Permission.BUY_NUMBERS,
    Permission.TRANSFER_NUMBERS,
    Permission.RELEASE_NUMBERS,
}
EXPECTED = {
    Role.VIEWER: {Permission.VIEW},
    Role.SUPPORT: STAFF
    | NUMBERS
    | {Permission.MANAGE_ADDRESSES, Permission.MANAGE_SENDERS, Permission.ASSIGN_BUNDLES},
    Role.COMPLIANCE: STAFF
    | {
        Permission.MANAGE_ADDRESSES,
        Permission.MANAGE_BUNDLES,
        Permission.ASSIGN_BUNDLES,
        Permission.REVEAL_PERSONAL,
    },
    Role.PORTING: STAFF
    | NUMBERS
    | {
        Permission.MANAGE_ADDRESSES,
        Permission.ASSIGN_BUNDLES,
        Permission.MANAGE_PORTING,
        Permission.REVEAL_PERSONAL,
    },
    Role.MANAGER: STAFF
    | {
        Permission.APPROVE,
        Permission.MANAGE_BUDGETS,
        Permission.REVEAL_PERSONAL,
        Permission.AUDIT_PERSONAL,
    },
    Role.ADMIN: ALL,
}


@pytest.fixture
def ours() -> TwilioAccount:
    return make_account(friendly_name="Ours")


@pytest.fixture
def theirs() -> TwilioAccount:
    return make_account(friendly_name="Theirs")


def client_of(role: Role, *accounts: TwilioAccount) -> Client:
    client = Client()
    client.force_login(make_user(role, accounts=list(accounts) or None))
    return client


@pytest.mark.parametrize("role", Role)
def test_it_gives_each_role_what_it_is_for(role: Role) -> None:
    access = access_of(make_user(role))
    granted = {permission for permission in Permission if access.can(permission)}
    # Permissions that came later than this table are for it to say.
    assert granted & {p for ps in EXPECTED.values() for p in ps} == EXPECTED[role]


def test_it_has_words_for_every_permission() -> None:
    assert set(PERMISSION_WORDS) == set(Permission)
    assert set(ROLES) == set(Role)


def test_it_limits_a_role_to_its_accounts(ours: TwilioAccount, theirs: TwilioAccount) -> None:
    mine, foreign = make_number(ours), make_number(theirs)
    access = access_of(make_user(Role.SUPPORT, accounts=[ours]))
    assert access.can(Permission.UPDATE_NUMBER, ours.pk)
    assert not access.can(Permission.UPDATE_NUMBER, theirs.pk)
    assert access.account_sids() == [ours.pk]
    assert list(access.visible(PhoneNumber.objects.all())) == [mine]
    with pytest.raises(PermissionDenied):
        access.require(Permission.UPDATE_NUMBER, foreign.account_id)


def test_it_keeps_roles_on_different_accounts_apart(ours: TwilioAccount, theirs: TwilioAccount) -> None:
    person = make_user(Role.VIEWER)
    support = Membership.objects.create(user=person, role=Role.SUPPORT)
    support.accounts.add(ours)
    access = access_of(person)
    assert access.can(Permission.UPDATE_NUMBER)
    assert access.can(Permission.UPDATE_NUMBER, ours.pk)
    assert not access.can(Permission.UPDATE_NUMBER, theirs.pk)
    assert access.account_sids() is None
    assert access.account_sids(Permission.UPDATE_NUMBER) == [ours.pk]
    assert access.role_names == ("Viewer", "Support")


def test_it_gives_nothing_without_a_role_or_without_an_account(ours: TwilioAccount) -> None:
    make_number(ours)
    on_nothing = make_user()
    Membership.objects.create(user=on_nothing, role=Role.ADMIN)
    for person in (make_user(), on_nothing):
        access = access_of(person)
        assert not any(access.can(permission) for permission in Permission)
        assert not access.visible(PhoneNumber.objects.all()).exists()


def test_it_lets_superusers_do_everything_and_counts_them_as_administrators() -> None:
    person = make_user(is_superuser=True)
    access = access_of(person)
    assert all(access.can(permission) for permission in Permission)
    assert access.role_names == ("Administrator",)
    assert list(administrators()) == [person]


def test_it_names_as_administrators_those_who_give_roles(ours: TwilioAccount) -> None:
    make_user(Role.MANAGER)
    make_user(Role.ADMIN, accounts=[ours])
    make_user(Role.ADMIN, is_active=False)
    admin = make_user(Role.ADMIN)
    assert list(administrators()) == [admin]


def test_it_lets_a_role_on_named_accounts_not_rule_over_the_installation(ours: TwilioAccount) -> None:
    access = access_of(make_user(Role.ADMIN, accounts=[ours]))
    assert access.can(Permission.MANAGE_ACCOUNTS, ours.pk)
    assert not access.can(Permission.MANAGE_PEOPLE)
    refused = client_of(Role.ADMIN, ours).get(reverse("people-list"))
    assert refused.status_code == 403
    assert "You have that, but on other accounts." in refused.content.decode()


def test_it_works_access_out_in_one_query(
    ours: TwilioAccount, theirs: TwilioAccount, django_assert_num_queries: Callable[..., object]
) -> None:
    person = make_user(Role.SUPPORT, accounts=[ours, theirs])
    Membership.objects.create(user=person, role=Role.VIEWER, all_accounts=True)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        access_of(person)
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        access_of(User(email="root@example.com", is_superuser=True))


def test_it_says_which_roles_can_when_it_refuses(ours: TwilioAccount) -> None:
    admin = make_user(Role.ADMIN, first_name="Ada", last_name="Min")
    page = client_of(Role.VIEWER).get(reverse("sync-health"))
    html = page.content.decode()
    assert page.status_code == 403
    assert "one of the roles " + ", ".join(people_with(Permission.VIEW_SYNC)) in html
    assert "You have: Viewer." in html
    assert f'<a href="mailto:{admin.email}">Ada Min</a>' in html
    assert "Sandbox" in html


def test_it_tells_somebody_without_a_role_whom_to_ask() -> None:
    client = Client()
    client.force_login(make_user())
    make_user(Role.ADMIN, first_name="Ada")
    html = client.get("/").content.decode()
    assert "You have no role yet." in html
    assert ">Ada</a>" in html
    assert "Sign out" in html
    assert 'href="/">Go to the overview' not in html, "it would lead here again"


# Rows of foreign accounts, everywhere


SECRET = "+12015550199"


@pytest.fixture
def foreign(theirs: TwilioAccount) -> PhoneNumber:
    """A number of the other account, with all that hangs on it."""
    address = make_address(theirs, customer_name="Secret Holdings")
    number = make_number(
        theirs, phone_number=SECRET, friendly_name="Secret line", emergency_address_sid=address.pk
    )
    Note.objects.create(target=number.pk, account=theirs, body="Secret note", author=make_user())
    SyncRun.objects.create(account=theirs, resource="numbers", trigger=SyncRun.Trigger.SCHEDULE)
    return number


def _addresses(number: PhoneNumber) -> list[str]:
    """Every page about one object, by its URL."""
    names = [f"inventory:{entry.name}" for entry in inventory_urls.urlpatterns if "<" in str(entry.pattern)]
    sids = {"inventory:address-detail": number.emergency_address_id}
    return [reverse(name, args=[sids.get(name, number.pk)]) for name in names]


@pytest.mark.parametrize("role", Role)
def test_it_does_not_know_objects_of_foreign_accounts(
    role: Role, ours: TwilioAccount, foreign: PhoneNumber
) -> None:
    client = client_of(role, ours)
    paths = _addresses(foreign)
    assert len(paths) >= 4
    for path in paths:
        answers = [client.get(path), client.post(path), client.get(path, headers={"HX-Request": "true"})]
        for answer in answers:
            assert answer.status_code in {403, 404, 405}, path
            _assert_silent(answer.content.decode())
        assert {404, 403} & {answer.status_code for answer in answers}, path


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/numbers/",
        "/numbers/?q=0199",
        "/numbers/?q=Secre",
        "/numbers/?account={sid}",
        "/numbers/?listed=no",
        "/numbers/export/",
        "/search/?q=Secre",
        "/search/?q=0199",
        "/search/?q=%2B12015550199",
        "/search/?q={pn}",
        "/search/?q={sid}",
        "/sync/",
        "/sync/numbers/progress/?since=2020-01-01T00:00:00%2B00:00",
        "/help/",
        "/preferences/",
    ],
)
def test_it_shows_nothing_of_foreign_accounts_in_lists(
    role: Role, path: str, ours: TwilioAccount, foreign: PhoneNumber
) -> None:
    make_number(ours)
    answer = client_of(role, ours).get(path.format(sid=foreign.account_id, pn=foreign.pk))
    assert answer.status_code in {200, 286, 403, 404}
    content = b"".join(answer) if answer.streaming else answer.content
    _assert_silent(re.sub(r'value="[^"]*"|“[^”]*”|<title>[^<]*', "", content.decode()))


def _assert_silent(text: str) -> None:
    for secret in ("Secret", "555 0199", "5550199", "555-0199", "Theirs"):
        assert secret not in text, secret


def test_it_shows_the_sync_of_those_accounts_only_where_the_role_has_it(
    ours: TwilioAccount, theirs: TwilioAccount
) -> None:
    person = make_user(Role.VIEWER)
    Membership.objects.create(user=person, role=Role.SUPPORT).accounts.add(ours)
    client = Client()
    client.force_login(person)
    page = client.get(reverse("sync-health")).content.decode()
    main = page[page.index("<main") :]
    assert "Ours" in main
    assert "Theirs" not in main


def test_it_exports_only_where_the_role_has_it(ours: TwilioAccount, theirs: TwilioAccount) -> None:
    mine, foreign = make_number(ours), make_number(theirs)
    person = make_user(Role.VIEWER)
    Membership.objects.create(user=person, role=Role.SUPPORT).accounts.add(ours)
    client = Client()
    client.force_login(person)
    rows = b"".join(client.get(reverse("inventory:number-export"))).decode()
    assert mine.account_id in rows
    assert foreign.account_id not in rows


def test_it_does_not_refresh_foreign_accounts(ours: TwilioAccount, theirs: TwilioAccount) -> None:
    client_of(Role.SUPPORT, ours).post(reverse("sync-refresh", args=["numbers"]), {"account": theirs.pk})
    assert not SyncRun.objects.filter(account=theirs).exists()
