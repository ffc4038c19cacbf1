"""What every test may ask for: a Twilio account that is the sandbox, and people to sign in as."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from inventory.actions import connect_account
from portal.models import Role, TwilioAccount, User
from portal.sandbox.core import Sandbox
from portal.sandbox.inprocess import SandboxAdapter
from portal.twilio.client import http_client
from tests.factories import make_user

# Few enough to be quick, many enough for every country, type and state.
NUMBERS = 600


@pytest.fixture
def twilio() -> Iterator[Sandbox]:
    """Twilio, as this test finds and leaves it. Reached through the portal's own transport."""
    sandbox = Sandbox(numbers=NUMBERS)
    session, url = http_client().session, settings.TWILIO_BASE_URL
    session.mount(url, SandboxAdapter(sandbox))
    yield sandbox
    session.adapters.pop(url)
    sandbox.close()


@pytest.fixture
def parent(db: None, twilio: Sandbox) -> TwilioAccount:
    """The sandbox's parent account, connected."""
    keys = twilio.credentials
    return connect_account(
        sid=keys.account_sid,
        auth_token=keys.auth_token,
        api_key_sid=keys.api_key,
        api_key_secret=keys.api_secret,
    )


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: pytest.FixtureRequest) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _own_files(settings: pytest.FixtureRequest, tmp_path: Path) -> None:
    """What is uploaded in a test is there in no other."""
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture(autouse=True)
def _plain_static_files(settings: pytest.FixtureRequest) -> None:
    """Hashed names would need collectstatic first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for Twilio is over at once: it is counted, and every pause that was agreed on has passed."""
    for module in ("client", "throttle"):
        monkeypatch.setattr(f"portal.twilio.{module}.sleep", lambda seconds: cache.clear())


@pytest.fixture(autouse=True)
def _quiet_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


@pytest.fixture
def viewer(db: None) -> User:
    return make_user(Role.VIEWER)


@pytest.fixture
def support(db: None) -> User:
    return make_user(Role.SUPPORT)


@pytest.fixture
def manager(db: None) -> User:
    return make_user(Role.MANAGER)


@pytest.fixture
def as_viewer(viewer: User) -> Client:
    return _signed_in(viewer)


@pytest.fixture
def as_support(support: User) -> Client:
    return _signed_in(support)


@pytest.fixture
def as_manager(manager: User) -> Client:
    return _signed_in(manager)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
