"""Stored files: unreadable on the disk, shown to whoever may see them, gone when their time is over."""

import stat
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from portal import files, retention
from portal.models import PurgeRecord, Purpose, Reveal, Role, StoredFile
from portal.reveal.reveals import file_field
from portal.secrets import CannotDecrypt
from portal.uploads.check import check
from tests import uploads
from tests.factories import make_account, make_sid, make_user

pytestmark = pytest.mark.django_db

PDF, PNG = uploads.pdf(), uploads.png()


def make_file(account, user, content=PDF, owner_sid="", **fields):
    stored = files.store(
        check("Jane's bill.pdf", content, Purpose.COMPLIANCE),
        account=account, uploaded_by=user, owner_sid=owner_sid,
    )  # fmt: skip
    if fields:
        StoredFile.objects.filter(pk=stored.pk).update(**fields)
    return StoredFile.objects.get(pk=stored.pk)


def on_disk(settings):
    return [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]


@pytest.fixture
def account(db):
    return make_account()


@pytest.fixture
def compliance(db):
    return make_user(Role.COMPLIANCE)


def let_see(user, stored, **fields):
    return Reveal.objects.create(
        actor=user, account=stored.account, target=stored.owner_sid, field=file_field(stored.pk),
        reason="Checking the date", expires_at=timezone.now() + timedelta(minutes=5), **fields,
    )  # fmt: skip


# At rest


@pytest.mark.parametrize("content", [PDF, PNG, uploads.jpeg()])
def test_contents_are_unreadable_on_the_disk_and_come_back_byte_for_byte(account, support, settings, content):
    stored = make_file(account, support, content)

    [path] = on_disk(settings)
    assert content[:30] not in path.read_bytes()
    assert "Jane" not in str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert files.open_file(stored) == content


def test_contents_in_another_rows_place_do_not_open(account, support, settings):
    one, other = make_file(account, support), make_file(account, support, PNG)
    files._path(one.pk).write_bytes(files._path(other.pk).read_bytes())

    with pytest.raises(CannotDecrypt):
        files.open_file(one)


def test_one_changed_byte_is_noticed(account, support):
    stored = make_file(account, support)
    path = files._path(stored.pk)
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(sealed)

    with pytest.raises(CannotDecrypt):
        files.open_file(stored)


def test_keys_are_rotated_with_all_others(account, support, settings):
    stored = make_file(account, support)
    old = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *old]
    assert files.open_file(stored) == PDF, "with the old key"

    call_command("rotate_keys", verbosity=0)

    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    stored = StoredFile.objects.get()
    assert files.open_file(stored) == PDF
    assert stored.name == "Jane's bill.pdf"
    before = files._path(stored.pk).stat().st_mtime_ns
    call_command("rotate_keys", verbosity=0)
    assert files._path(stored.pk).stat().st_mtime_ns == before, "it has the newest key already"


def test_a_file_that_no_key_opens_stops_the_rotation(account, support, settings):
    stored = make_file(account, support)
    StoredFile.objects.update(name="")
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    type(account).objects.update(auth_token="", api_key_secret="")

    with pytest.raises(CommandError, match=str(stored.pk)):
        call_command("rotate_keys", verbosity=0)


# Seen


def test_who_uploaded_it_just_now_gets_it_back(account, support, as_support):
    stored = make_file(account, support)

    answer = as_support.get(reverse("file-download", args=[stored.pk]))

    assert answer.content == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="document.pdf"'
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert set(answer["Cache-Control"].split(", ")) == {"no-store", "private"}


def test_everybody_else_says_why_first(client, account, support, compliance):
    stored = make_file(account, support, owner_sid=make_sid("RD"))
    client.force_login(compliance)
    url = reverse("file-download", args=[stored.pk])
    assert client.get(url).status_code == 403

    shown = let_see(compliance, stored)
    assert client.get(url).content == PDF
    Reveal.objects.filter(pk=shown.pk).update(expires_at=Now())
    assert client.get(url).status_code == 403


def test_who_uploaded_it_long_ago_says_why_too(as_support, account, support):
    stored = make_file(
        account, support, owner_sid=make_sid("RD"), created_at=timezone.now() - timedelta(hours=2)
    )
    assert as_support.get(reverse("file-download", args=[stored.pk])).status_code == 403


def test_a_reveal_is_of_no_use_to_others_and_for_other_files(client, account, support, compliance, manager):
    sid = make_sid("RD")
    stored, other = (
        make_file(account, support, owner_sid=sid),
        make_file(account, support, PNG, owner_sid=sid),
    )
    let_see(compliance, stored)
    client.force_login(compliance)
    assert client.get(reverse("file-download", args=[other.pk])).status_code == 403
    client.force_login(manager)
    assert client.get(reverse("file-download", args=[stored.pk])).status_code == 403


@pytest.mark.parametrize("name", ["file-download", "file-preview", "file-page"])
def test_files_of_foreign_accounts_of_nobody_and_for_nobody(client, account, support, name):
    stored = make_file(account, support, owner_sid=make_sid("RD"))
    rest = [1] if name == "file-page" else []
    url = reverse(name, args=[stored.pk, *rest])
    elsewhere = make_user(Role.COMPLIANCE, accounts=[make_account()])
    client.force_login(elsewhere)
    assert client.get(url).status_code == 404
    assert client.get(reverse(name, args=["0" * 8 + "-0000-0000-0000-" + "0" * 12, *rest])).status_code == 404
    viewer = make_user(Role.VIEWER)
    client.force_login(viewer)
    assert client.get(url).status_code == 403
    assert client.post(url).status_code == 405
    client.logout()
    assert client.get(url).status_code == 302


# Deleted


def test_what_nobody_claimed_within_a_day_is_deleted_and_that_is_written_down(account, support, settings):
    old, young = make_file(account, support), make_file(account, support, PNG)
    owned = make_file(
        account, support, owner_sid=make_sid("RD"), created_at=timezone.now() - timedelta(days=9)
    )
    StoredFile.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))

    record = retention.purge_unclaimed()

    old.refresh_from_db()
    assert (record.count, record.ids, record.kind) == (1, [str(old.pk)], "files")
    assert old.purged_at
    assert (old.name, old.purge_reason) == ("", record.rule)
    assert len(on_disk(settings)) == 2
    with pytest.raises(files.NotThere):
        files.open_file(old)
    for kept in (young, owned):
        assert files.open_file(kept)
    assert retention.purge_unclaimed() is None
    assert PurgeRecord.objects.count() == 1


def test_contents_without_a_row_are_swept_out_when_they_are_old(account, support, settings, monkeypatch):
    stored, orphan = make_file(account, support), make_file(account, support, PNG)
    StoredFile.objects.filter(pk=orphan.pk).delete()
    assert files.sweep() == 0, "it may just be being stored"

    monkeypatch.setattr(files, "_SWEPT_AFTER", -1)
    assert files.sweep() == 1
    assert files.open_file(stored) == PDF


def test_a_purged_file_is_not_found(as_support, account, support):
    stored = make_file(account, support)
    files.purge([stored], rule="test")
    assert as_support.get(reverse("file-download", args=[stored.pk])).status_code == 404
    assert as_support.get(reverse("file-page", args=[stored.pk, 1])).status_code == 404
