"""The pytest plugin that gives the tests a Postgres and a Valkey of their own.

It points the environment at a test layout before Django's settings load, starts the servers once tests were
collected, and stops them at the end: an existing cluster starts in 0.2 s, so nothing is gained by leaving it
running. A server that a killed run left behind is used again.

Runs at the same time each take a folder of their own (`.data/test`, `.data/test-2`, …). A developer's own
servers are used when TEST_DATABASE_URL, TEST_BROKER_URL or TEST_CACHE_URL say so.
"""

import itertools
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from portal.local import locks
from portal.local.layout import Layout
from portal.local.postgres import Postgres
from portal.local.server import CannotStart, Server
from portal.local.valkey import Valkey

_DATA = Path(__file__).resolve().parents[1] / ".data"

# What a developer's shell may export, and what must not reach the tests.
_FOREIGN = ("TWILIO_", "SYNC_MINUTES_", "EMAIL_", "DATABASE_", "SECURE_")
_FOREIGN_NAMES = {
    "ALLOWED_HOSTS",
    "BEHIND_TLS_PROXY",
    "BROKER_URL",
    "CACHE_URL",
    "DEBUG",
    "DIGEST_KEY",
    "DIGEST_KEY_FILE",
    "FIELD_ENCRYPTION_KEYS",
    "FILES_DIR",
    "FILE_RETENTION_DAYS",
    "FIELD_ENCRYPTION_KEYS_FILE",
    "LOG_LEVEL",
    "MFA_REQUIRED_ROLES",
    "PUBLIC_URL",
    "SECRET_KEY",
    "SECRET_KEY_FILE",
    "SESSION_HOURS",
    "STATIC_ROOT",
}

_servers = pytest.StashKey[list[Server]]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    # A wrapper runs before pytest-django loads the settings, which it does in this same hook.
    folder = _claim_folder()
    (folder / "static").mkdir(exist_ok=True)  # Whitenoise warns of one that is not there.
    for name in list(os.environ):
        if name.startswith(_FOREIGN) or name in _FOREIGN_NAMES:
            del os.environ[name]
    os.environ |= {
        "DATA_DIR": str(folder),
        "LOCAL": "1",
        "LOCAL_DATABASE": "numberdesk",
        "DEMO": "0",
        "TWILIO_BASE_URL": "http://sandbox.test",
    }
    for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL"):
        if url := os.environ.get(f"TEST_{name}"):
            os.environ[name] = url
    return (yield)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what the environment does not already provide; `--collect-only` starts nothing."""
    if not session.items or session.config.option.collectonly:
        return
    layout = Layout(Path(os.environ["DATA_DIR"]))
    servers = session.config.stash[_servers] = []
    try:
        if "DATABASE_URL" not in os.environ:
            postgres = Postgres(layout, fast=True, adopt=True)
            servers.append(postgres)
            postgres.start()
        if not ("BROKER_URL" in os.environ and "CACHE_URL" in os.environ):
            valkey = Valkey(layout, fast=True, adopt=True)
            servers.append(valkey)
            valkey.start()
            valkey.forget_everything()
    except CannotStart as problem:
        # Not an error per test: without the servers no test says anything.
        pytest.exit(f"{problem}\nOr set TEST_DATABASE_URL, TEST_BROKER_URL and TEST_CACHE_URL.", returncode=3)


class OneBrowser(LoadScopeScheduling):
    """Hands tests out one by one, and those in a browser all at once to one worker: they share a portal."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneBrowser:
    return OneBrowser(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    for server in reversed(config.stash.get(_servers, [])):
        server.stop()


def _claim_folder() -> Path:
    """The first test folder that no other run uses. Its lock is never closed: it ends with this process."""
    for number in itertools.count(1):
        folder = _DATA / ("test" if number == 1 else f"test-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        if locks.take(folder / "pytest.lock") is not None:
            return folder
    raise AssertionError("itertools.count() ends")
