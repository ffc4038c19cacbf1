"""Where a scanner is set, what it finds stays out, and so does what it does not answer about."""

import socket
import time

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.env import env_socket
from portal.forms import PortalForm
from portal.models import Purpose
from portal.uploads import scanning
from portal.uploads.check import Reason, Refused, check
from portal.uploads.fields import CheckedFileField
from tests import uploads
from tests.clamd import VIRUS, clamd
from tests.pages import Page

BILL = Purpose.UTILITY_BILL
PNG = uploads.png()
SICK = PNG + VIRUS


def refused(content=PNG):
    with pytest.raises(Refused) as refusal:
        check("bill", content, BILL)
    return refusal.value.reason


# Scanned


@pytest.mark.parametrize("is_unix", [False, True])
def test_a_clean_file_goes_on_when_the_scanner_has_seen_all_of_it(settings, tmp_path, is_unix):
    content = uploads.padded(PNG, 3_000_000)
    with clamd(settings, tmp_path / "clamd.ctl" if is_unix else None) as scanner:
        assert check("bill", content, BILL).content == content
    assert scanner.heard == [b"zINSTREAM\0"]
    assert scanner.scanned == [content]


def test_a_virus_is_refused_before_anything_else_is_said_of_the_file(settings):
    with clamd(settings):
        assert refused(SICK) == Reason.INFECTED
    assert refused(SICK) == Reason.TAIL, "nobody looks"


def test_what_is_empty_or_too_large_is_not_sent_to_the_scanner(settings):
    with clamd(settings) as scanner:
        assert refused(b"") == Reason.EMPTY
        assert refused(b"x" * (BILL.most_bytes + 1)) == Reason.TOO_LARGE
    assert scanner.heard == []


@pytest.mark.parametrize(
    "clean",
    [
        b"stream: Can't allocate memory ERROR",
        b"COMMAND UNAVAILABLE",
        b"stream: OK FOUND OK ERROR",
        b"",
        b"OK then",
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_no_verdict_lets_nothing_through(settings, clean):
    with clamd(settings, clean=clean):
        assert refused() == Reason.NOT_SCANNED


@pytest.mark.parametrize("mood", ["hangs up", "hangs", "drips"])
def test_a_scanner_that_does_not_answer_in_time_lets_nothing_through(settings, monkeypatch, mood):
    monkeypatch.setattr(scanning, "_SECONDS", 0.4)
    begun = time.monotonic()
    with clamd(settings, mood=mood):
        assert refused() == Reason.NOT_SCANNED
        assert time.monotonic() - begun < 4


def test_a_file_beyond_the_scanners_own_limit_is_not_let_through(settings):
    with clamd(settings, most=100_000):
        assert refused(uploads.padded(PNG, 9_000_000)) == Reason.NOT_SCANNED


def test_a_scanner_that_is_not_there_lets_nothing_through(settings, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.CLAMD = free.getsockname()
        assert refused() == Reason.NOT_SCANNED
    settings.CLAMD = str(tmp_path / "nothing")
    assert refused() == Reason.NOT_SCANNED
    settings.CLAMD = ("nowhere.invalid", 3310)
    assert refused() == Reason.NOT_SCANNED


def test_the_form_says_what_happened_and_keeps_what_was_typed(settings):
    class Form(PortalForm):
        file = CheckedFileField(BILL, "utility bill")

    with clamd(settings):
        form = Form({}, {"file": SimpleUploadedFile("bill.png", SICK)})
        assert form.errors["file"] == [
            "The utility bill contains a virus. Ask whoever it came from for a clean file"
        ]
    with clamd(settings, mood="hangs up"):
        form = Form({}, {"file": SimpleUploadedFile("bill.png", PNG)})
        assert form.errors["file"] == [
            "The utility bill was not taken: it could not be scanned for viruses. Select it again in a "
            "few minutes; if that does not help, tell an administrator"
        ]


# Told


@pytest.mark.django_db
def test_the_page_about_health_says_whether_files_are_scanned(settings, as_support):
    def said():
        page = Page.of(as_support, "/sync/")
        return page.one("section[aria-labelledby=uploads] dd").text, "No file can be uploaded" in page.text

    assert said() == ("Off Files are not scanned for viruses: CLAMD_URL is not set.", False)
    with clamd(settings):
        assert said() == ("Scanning ClamAV 1.4.3, signatures 27500 of Sat Nov 21 08:00:00 2026", False)
    with clamd(settings, version=b"COMMAND UNAVAILABLE"):
        assert said() == ("Scanning", False)
    with clamd(settings, mood="hangs up"):
        assert said() == ("Not answering Every file is refused.", True)


def test_who_deploys_is_told_that_nothing_is_scanned(settings):
    def told():
        return [one.id for one in run_checks(include_deployment_checks=True) if one.id == "portal.I001"]

    assert told() == ["portal.I001"]
    settings.CLAMD = "/run/clamav/clamd.ctl"
    assert told() == []


@pytest.mark.parametrize(
    ("url", "socket_of"),
    [
        ("", None),
        ("unix:///run/clamav/clamd.ctl", "/run/clamav/clamd.ctl"),
        ("tcp://scanner.example.com:3310", ("scanner.example.com", 3310)),
        ("tcp://[::1]:3310/", ("::1", 3310)),
    ],
)
def test_the_setting_names_a_socket(monkeypatch, url, socket_of):
    monkeypatch.setenv("CLAMD_URL", url)
    assert env_socket("CLAMD_URL") == socket_of


@pytest.mark.parametrize(
    "url",
    [
        "clamd", "tcp://scanner", "tcp://scanner:99999", "tcp://[", "unix://run/clamd.ctl",
        "http://scanner:3310",
    ],
)  # fmt: skip
def test_a_setting_that_names_none_stops_the_start(monkeypatch, url):
    monkeypatch.setenv("CLAMD_URL", url)
    with pytest.raises(ImproperlyConfigured, match="CLAMD_URL"):
        env_socket("CLAMD_URL")
