"""Credentials and personal data at rest: unreadable without the keys, and the keys can be changed."""

import io

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from inventory.actions import connect_account
from portal.management.commands import rotate_keys
from portal.models import TwilioAccount
from portal.secrets import CannotDecrypt, EncryptedJSONField, decrypt, encrypt, rotate
from tests.factories import make_account

pytestmark = pytest.mark.django_db

TOKEN = "a-token-nobody-may-see"


@pytest.fixture
def keys(settings):
    """Three keys, the first of them in use."""
    keys = [Fernet.generate_key().decode() for _ in range(3)]
    settings.FIELD_ENCRYPTION_KEYS = keys[:1]
    return keys


@pytest.fixture
def account(keys):
    account = make_account()
    account.auth_token = account.api_key_secret = TOKEN
    account.save()
    return account


def in_database(account, column="auth_token"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM portal_twilioaccount WHERE sid = %s", [account.pk])
        return cursor.fetchone()[0]


def test_the_database_holds_no_readable_secret(account):
    assert TOKEN not in in_database(account)
    assert in_database(account) != in_database(account, "api_key_secret"), "equal secrets do not look equal"
    assert TwilioAccount.objects.get().auth_token == TOKEN
    assert TwilioAccount.objects.values_list("auth_token", flat=True).get() == TOKEN


def test_every_way_of_writing_encrypts(account):
    TwilioAccount.objects.filter(pk=account.pk).update(auth_token="updated")
    assert "updated" not in in_database(account)
    account.auth_token = "bulk"
    TwilioAccount.objects.bulk_update([account], ["auth_token"])
    assert "bulk" not in in_database(account)
    assert TwilioAccount.objects.get().auth_token == "bulk"


def test_nothing_stays_nothing(account):
    TwilioAccount.objects.update(auth_token="")

    assert in_database(account) == ""
    assert TwilioAccount.objects.get().auth_token == ""


@pytest.mark.parametrize(
    "lookup", ["exact", "iexact", "in", "contains", "startswith", "regex", "gt", "range"]
)
def test_a_secret_cannot_be_searched_for(lookup, account):
    value = [TOKEN, TOKEN] if lookup in ("in", "range") else TOKEN
    with pytest.raises(TypeError, match="encrypted"):
        TwilioAccount.objects.filter(**{f"auth_token__{lookup}": value}).exists()


def test_a_secret_can_be_asked_for_being_there(account):
    assert TwilioAccount.objects.filter(auth_token__isnull=False).exists()


def test_a_secret_made_with_any_key_can_be_read(account, keys, settings):
    settings.FIELD_ENCRYPTION_KEYS = [keys[1], keys[0]]

    assert TwilioAccount.objects.get().auth_token == TOKEN
    account.auth_token = "newer"
    account.save(update_fields=["auth_token"])
    settings.FIELD_ENCRYPTION_KEYS = [keys[1]]
    assert decrypt(in_database(account)) == "newer"
    with pytest.raises(CannotDecrypt):
        decrypt(in_database(account, "api_key_secret"))


def test_the_wrong_key_opens_nothing(account, keys, settings):
    settings.FIELD_ENCRYPTION_KEYS = [keys[2]]

    with pytest.raises(CannotDecrypt):
        TwilioAccount.objects.get()
    with pytest.raises(CannotDecrypt):
        rotate(in_database(account))


def test_a_changed_token_is_not_taken_for_a_secret(account):
    token = in_database(account)
    for spoilt in (token[:-2], token[:20] + "A" + token[21:], TOKEN, "ü"):
        with pytest.raises(CannotDecrypt):
            decrypt(spoilt)


def test_credentials_can_be_put_in_again_when_the_key_is_lost(twilio, parent, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    keys = twilio.credentials

    connect_account(sid=keys.account_sid, auth_token=keys.auth_token)

    assert TwilioAccount.objects.get().auth_token == keys.auth_token


@pytest.mark.parametrize("bad", [[], ["short"], ["ü" * 32]])
def test_bad_keys_are_told(bad, settings):
    settings.FIELD_ENCRYPTION_KEYS = bad
    with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEYS"):
        encrypt("x")


@pytest.mark.parametrize("value", [{"name": "Jane", "born": None}, [1, "ü"], "", 0, False, {}])
def test_a_json_value_is_encrypted_whole(value, keys):
    field = EncryptedJSONField()

    kept = field.get_prep_value(value)

    assert "Jane" not in kept
    assert field.from_db_value(kept, None, None) == value
    assert field.get_prep_value(None) is None
    assert field.from_db_value(None, None, None) is None


# rotate_keys


def rotated():
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def test_keys_can_be_changed_without_losing_a_secret(account, keys, settings, monkeypatch):
    monkeypatch.setattr(rotate_keys, "BATCH", 3)
    for number in range(8):
        other = make_account()
        other.auth_token = f"token {number}"
        other.save(update_fields=["auth_token"])
    settings.FIELD_ENCRYPTION_KEYS = [keys[1], keys[0]]

    said = rotated()

    settings.FIELD_ENCRYPTION_KEYS = [keys[1]]
    tokens = sorted(TwilioAccount.objects.values_list("auth_token", flat=True))
    assert tokens == sorted([TOKEN, *(f"token {number}" for number in range(8))])
    assert "portal.TwilioAccount.auth_token: 9" in said
    assert "portal.TwilioAccount.api_key_secret: 1" in said
    assert TOKEN not in said


def test_a_secret_that_no_key_opens_is_named_and_kept(account, keys, settings):
    settings.FIELD_ENCRYPTION_KEYS = [keys[2]]
    before = in_database(account)

    with pytest.raises(CommandError, match=account.pk):
        rotated()

    assert in_database(account) == before


def test_changing_keys_twice_is_harmless(account):
    rotated()
    rotated()

    assert TwilioAccount.objects.get().auth_token == TOKEN
