"""What people see when something cannot be done."""

import logging
from collections.abc import Iterator

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from redis.exceptions import ConnectionError as CacheConnectionError

from portal import error_pages, urls
from portal.models import User

pytestmark = pytest.mark.django_db

FAULTS = {
    "fault": RuntimeError("canary in a traceback"),
    "database": OperationalError("canary: server closed the connection"),
    "cache": CacheConnectionError("canary connecting to cache.internal:6379"),
    "suspicious": SuspiciousOperation("canary"),
    "refused": PermissionDenied("This needs somebody with a key."),
}


def _fault(request: HttpRequest, kind: str) -> HttpResponse:
    raise FAULTS[kind]


@pytest.fixture
def faulty(settings: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The portal with one page more, which fails as it is told."""
    caplog.set_level(logging.CRITICAL)
    urls.urlpatterns.append(path("faulty/<str:kind>/", _fault, name="faulty"))
    settings.ROOT_URLCONF = urls.__name__
    yield
    urls.urlpatterns.pop()


@pytest.fixture
def client(viewer: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(viewer)
    return client


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize(
    ("kind", "status", "title"),
    [
        ("fault", 500, "Numberdesk has a fault"),
        ("database", 503, "The database is away for a moment"),
        ("cache", 503, "The cache is away for a moment"),
        ("suspicious", 400, "This request cannot be understood"),
        ("refused", 403, "You may not do this"),
    ],
)
def test_it_has_a_calm_page_for_each_fault(client: Client, kind: str, status: int, title: str) -> None:
    client.cookies["theme"] = "dark"
    answer = client.get(f"/faulty/{kind}/")
    html = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in html
    assert html.count("<h1>") == 1
    assert "canary" not in html
    assert "Sandbox" in html
    assert 'data-theme="dark"' in html
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert answer["Content-Security-Policy"]


@pytest.mark.usefixtures("faulty")
def test_it_says_the_reason_of_a_refusal(client: Client) -> None:
    assert "This needs somebody with a key." in client.get("/faulty/refused/").content.decode()


def test_it_offers_the_search_where_nothing_is(client: Client) -> None:
    answer = client.get("/nothing/")
    html = answer.content.decode()
    assert answer.status_code == 404
    assert 'action="/search/"' in html
    assert "/nothing/" not in html
    signed_out = Client().get("/nothing/").content.decode()
    assert 'action="/search/"' not in signed_out
    assert "Sign out" not in signed_out


@pytest.mark.parametrize(
    "page",
    [
        lambda request: error_pages.server_error(request),
        lambda request: error_pages.bad_request(request, SuspiciousOperation()),
        lambda request: error_pages.csrf_failure(request),
        lambda request: error_pages.too_many_requests(request),
    ],
)
@pytest.mark.django_db(databases=[])
def test_it_needs_no_database_to_say_so(page: object) -> None:
    """With none allowed, a query would fail the test; so would the session and the name of the host."""
    request = RequestFactory().get("/", headers={"Host": "not a name"})
    assert page(request).status_code >= 400  # type: ignore[operator]


def test_it_says_that_an_address_only_takes_forms(client: Client) -> None:
    answer = client.get("/sync/numbers/refresh/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "<h1>There is no page here</h1>" in answer.content.decode()
    assert client.delete("/help/").content == b""
