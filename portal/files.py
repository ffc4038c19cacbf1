"""Our copies of uploaded files: encrypted with AES-256-GCM below FILES_DIR, under names that say nothing.

A file begins with what it was encrypted with: format, key and nonce. Its keys are derived from
`FIELD_ENCRYPTION_KEYS`, so they are rotated together, and the row's id is part of the seal: contents
put in another row's place do not open.
"""

import base64
import contextlib
import functools
import os
import secrets
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from portal.models import PurgeRecord, Purpose, StoredFile, TwilioAccount, User
from portal.secrets import CannotDecrypt
from portal.uploads.check import CheckedFile

_FORMAT = b"NDF1"
_KEY_ID = 8
_NONCE = 12
_HEAD = len(_FORMAT) + _KEY_ID + _NONCE


class NotThere(Exception):
    """The contents were deleted, or the disk does not have them."""


def store(
    checked: CheckedFile, *, account: TwilioAccount, uploaded_by: User, owner_sid: str = ""
) -> StoredFile:
    """Keep a checked file. Without an owner it is kept for a day, for a form that is not finished."""
    stored = StoredFile(
        account=account,
        purpose=checked.purpose,
        name=checked.name,
        content_type=checked.content_type,
        size=checked.size,
        digest=checked.digest,
        pages=checked.pages,
        drawn=checked.drawn,
        owner_sid=owner_sid,
        uploaded_by=uploaded_by,
    )
    # Contents first: a row promises them, and what no row knows is swept out.
    _write(stored.pk, checked.content)
    stored.save(force_insert=True)
    return stored


def open_file(stored: StoredFile) -> bytes:
    """The contents, byte for byte. Raise NotThere, CannotDecrypt."""
    if stored.purged_at:
        raise NotThere
    return _open(stored.pk, _read(stored.pk))


def checked_file(stored: StoredFile) -> CheckedFile:
    """The file as it was when it had passed its checks. Raise NotThere, CannotDecrypt."""
    return CheckedFile(
        Purpose(stored.purpose), stored.name, stored.content_type, open_file(stored), stored.pages,
        stored.drawn, str(stored.pk),
    )  # fmt: skip


def give(stored_id: str | UUID, owner_sid: str) -> bool:
    """The object that the file belongs to now exists. False if the file belongs to something else."""
    return bool(StoredFile.objects.filter(pk=stored_id, owner_sid="").update(owner_sid=owner_sid))


def discard(stored_id: str | UUID) -> None:
    """Forget a file that belongs to nothing: no one has relied on it, so no record is kept."""
    deleted, _ = StoredFile.objects.filter(pk=stored_id, owner_sid="").delete()
    if deleted:
        _path(UUID(str(stored_id))).unlink(missing_ok=True)


def purge(files: Iterable[StoredFile], *, rule: str) -> PurgeRecord | None:
    """Delete contents for good, and write down that it was done. None if none of them had any."""
    ids = [stored.pk for stored in files]
    with transaction.atomic():
        rows = StoredFile.objects.there().filter(pk__in=ids).select_for_update()
        found = list(rows.values_list("pk", flat=True))
        if not found:
            return None
        StoredFile.objects.filter(pk__in=found).update(purged_at=Now(), purge_reason=rule, name="")
        record = PurgeRecord.objects.create(
            kind="files", rule=rule, count=len(found), ids=[str(pk) for pk in sorted(found)]
        )
    for pk in found:
        _path(pk).unlink(missing_ok=True)
    return record


def sweep() -> int:
    """Delete contents that no row promises, left behind by a process that died. Returns how many."""
    count = 0
    for path in settings.FILES_DIR.glob("??/*"):
        with contextlib.suppress(FileNotFoundError):
            if _age(path) < _SWEPT_AFTER:
                continue
            if not _is_promised(path.name):
                path.unlink()
                count += 1
    return count


def rotate(pk: UUID) -> bool:
    """Encrypt anew with the newest key; False if it was so. Raise CannotDecrypt."""
    with transaction.atomic():  # a purge waits
        if not StoredFile.objects.there().filter(pk=pk).select_for_update().exists():
            return False
        try:
            sealed = _read(pk)
        except NotThere:
            return False
        if _key_id(sealed) == _keys()[0][0]:
            return False
        _write(pk, _open(pk, sealed))
        return True


# A file that is just being stored has no row yet.
_SWEPT_AFTER = 3600


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _is_promised(name: str) -> bool:
    try:
        return StoredFile.objects.there().filter(pk=UUID(hex=name)).exists()
    except ValueError:
        return False


def _path(pk: UUID) -> Path:
    folder: Path = settings.FILES_DIR
    return folder / pk.hex[:2] / pk.hex


def _write(pk: UUID, content: bytes) -> None:
    """All of it or nothing: written under another name first, and on disk before it has its own."""
    key_id, key = _keys()[0]
    nonce = secrets.token_bytes(_NONCE)
    sealed = _FORMAT + key_id + nonce + AESGCM(key).encrypt(nonce, content, _FORMAT + pk.bytes)
    path = _path(pk)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft, name = tempfile.mkstemp(dir=path.parent, prefix=".")  # mode 0600
    try:
        with open(draft, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _read(pk: UUID) -> bytes:
    try:
        return _path(pk).read_bytes()
    except FileNotFoundError:
        raise NotThere from None


def _open(pk: UUID, sealed: bytes) -> bytes:
    key = dict(_keys()).get(_key_id(sealed))
    if key is None:
        raise CannotDecrypt("No key in FIELD_ENCRYPTION_KEYS opens this file.")
    nonce = sealed[len(_FORMAT) + _KEY_ID : _HEAD]
    try:
        return AESGCM(key).decrypt(nonce, sealed[_HEAD:], _FORMAT + pk.bytes)
    except InvalidTag:
        raise CannotDecrypt("The file is not what was stored.") from None


def _key_id(sealed: bytes) -> bytes:
    return sealed[len(_FORMAT) : len(_FORMAT) + _KEY_ID] if sealed.startswith(_FORMAT) else b""


def _keys() -> tuple[tuple[bytes, bytes], ...]:
    """Ids and keys, newest first."""
    return tuple(_derived(key) for key in settings.FIELD_ENCRYPTION_KEYS)


@functools.cache
def _derived(field_key: str) -> tuple[bytes, bytes]:
    secret = base64.urlsafe_b64decode(field_key)

    def derive(length: int, info: bytes) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=info).derive(secret)

    return derive(_KEY_ID, b"numberdesk files: id of the key"), derive(32, b"numberdesk files: key")
