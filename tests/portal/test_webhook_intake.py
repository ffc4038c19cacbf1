"""The way in: what is verified, refused, counted and written down, and that nobody fills the table."""

from hashlib import sha256
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings as configured
from django.db import connection
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from portal.models import Delivery, TwilioAccount
from portal.twilio.signatures import is_signed
from portal.webhooks.callbacks import LARGEST
from tests.factories import make_account
from tests.mirroring import broker_away
from tests.portal.webhooks import (
    FORM,
    JSON,
    PARCEL,
    PATH,
    PUBLIC,
    post,
    post_form,
    post_json,
    sign,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.portal.webhook_urls")]
TOKEN = "t" * 32
State, Verdict = Delivery.State, Delivery.Verdict


@pytest.fixture(autouse=True)
def _public(settings):
    settings.PUBLIC_URL = PUBLIC


@pytest.fixture
def account(db):
    return connected("Ours", TOKEN)


def connected(name, token="", **fields):
    account = make_account(friendly_name=name, **fields)
    account.auth_token = token
    account.save(update_fields=["auth_token"])
    return account


def told(account, **fields):
    return {"AccountSID": account.pk, "ParcelSID": PARCEL, "Status": "on-its-way", **fields}


def one():
    return Delivery.objects.get()


# What Twilio signed


def test_a_signed_form_is_written_down_and_answered_at_once(account):
    answer = post_form(TOKEN, told(account, FailureReason="Ms Example has moved"))

    delivery = one()
    assert (answer.status_code, answer.content) == (200, b"")
    assert (delivery.verdict, delivery.state) == (Verdict.GOOD, State.WAITING)
    assert (delivery.account_id, delivery.target) == (account.pk, PARCEL)
    assert delivery.said == {"status": "on-its-way"}
    assert "Example" in delivery.body
    assert delivery.url == PUBLIC + PATH


def test_the_body_is_encrypted_in_the_table(account):
    post_form(TOKEN, told(account, FailureReason="Ms Example has moved"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(portal_delivery)::text FROM portal_delivery")
        [row] = cursor.fetchone()
    assert "Example" not in row


@pytest.mark.parametrize(
    "names", [("account_sid", "parcel_sid", "status"), ("ACCOUNTSID", "parcelSid", "STATUS")]
)
def test_names_are_read_in_every_spelling(account, names):
    post_form(TOKEN, dict(zip(names, (account.pk, PARCEL, "lost"), strict=True)))

    assert (one().target, one().said) == (PARCEL, {"status": "lost"})


def test_json_is_verified_by_the_hash_in_its_address(account):
    assert post_json(TOKEN, told(account)).status_code == 200

    assert (one().verdict, one().target) == (Verdict.GOOD, PARCEL)


def test_a_subaccount_s_callback_may_be_signed_with_the_parent_s_token(account):
    sub = connected("Sub", owner_sid=account.pk)

    assert post_form(TOKEN, told(sub)).status_code == 200
    assert one().account_id == sub.pk


def test_a_body_without_an_account_belongs_to_whose_token_fits(account):
    other = connected("Other", "o" * 32)

    assert post_form("o" * 32, {"ParcelSID": PARCEL}).status_code == 200
    assert one().account_id == other.pk


def test_a_port_in_the_public_url_may_be_signed_or_not(account, settings):
    settings.PUBLIC_URL = f"{PUBLIC}:443"

    assert post_form(TOKEN, told(account), url=PUBLIC + PATH).status_code == 200


def test_a_shared_key_signs_with_the_algorithm_it_names(account, settings):
    settings.TWILIO_WEBHOOK_KEYS = {"webhooks_sharedkey_1": "shared"}
    header = {"X_Twilio_Webhooks_Signature_Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    form = told(account)
    body = urlencode(form)

    assert post(body, sign("shared", PUBLIC + PATH, form, sha256), **header).status_code == 200
    assert post(body, sign(TOKEN, PUBLIC + PATH, form, sha256), **header).status_code == 403


def test_a_shared_key_that_nobody_configured_is_refused_by_name(account):
    header = {"X_Twilio_Webhooks_Signature_Settings": "key=another,algorithm=HMAC_SHA256"}

    assert post_form(TOKEN, told(account), **header).status_code == 403
    assert one().verdict == Verdict.NO_TOKEN
    assert "shared key another" in one().why


def test_a_body_about_something_else_is_ignored(account):
    answer = post_form(TOKEN, {"AccountSID": account.pk, "CallSid": "CA" + "1" * 32})

    assert answer.status_code == 200
    assert (one().verdict, one().state, one().target) == (Verdict.GOOD, State.IGNORED, "")


def test_a_sid_of_another_kind_is_no_hint(account):
    post_form(TOKEN, told(account, ParcelSID="PN" + "1" * 32))

    assert one().state == State.IGNORED


def test_a_plain_http_request_behind_the_proxy_is_not_redirected(account, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert post_form(TOKEN, told(account)).status_code == 200


# What was refused


def refused(answer, verdict=Verdict.BAD_SIGNATURE, status=403):
    delivery = one()
    assert (answer.status_code, delivery.verdict) == (status, verdict)
    assert (delivery.state, delivery.body, delivery.target, delivery.said) == (State.IGNORED, "", "", {})
    return delivery


def test_a_forged_signature_is_refused(account):
    delivery = refused(post_form("nobody's", told(account)))

    assert "primary auth token" in delivery.why
    assert PUBLIC in delivery.why


def test_a_missing_signature_is_refused(account):
    delivery = refused(post("ParcelSID=" + PARCEL, ""))

    assert "X-Twilio-Signature" in delivery.why


def test_a_changed_body_is_refused(account):
    signature = sign(TOKEN, PUBLIC + PATH, told(account))

    refused(post(urlencode(told(account, Status="arrived")), signature))


@pytest.mark.parametrize("base", ["http://numbers.example.com", "http://testserver", "https://testserver"])
def test_a_signature_for_another_address_says_for_which(account, base):
    delivery = refused(post_form(TOKEN, told(account), url=base + PATH))

    assert f"It was signed for {base}{PATH}" in delivery.why
    assert f"PUBLIC_URL is {PUBLIC}" in delivery.why


def test_the_host_of_the_request_proves_nothing(account, settings):
    settings.ALLOWED_HOSTS = ["evil.example.com"]
    form = told(account)

    refused(post_form(TOKEN, form, url=f"https://evil.example.com{PATH}", Host="evil.example.com"))


def test_json_without_a_hash_in_its_address_is_refused(account):
    assert "bodySHA256" in refused(post_json(TOKEN, told(account), hashed=False)).why


def test_json_with_another_body_than_was_hashed_is_refused(account):
    url = f"{PATH}?bodySHA256={'0' * 64}"

    refused(post('{"ParcelSID": "x"}', sign(TOKEN, PUBLIC + url, {}), path=url, kind=JSON))


@pytest.mark.parametrize("kind", [FORM, JSON])
@pytest.mark.parametrize("body", ["", "{}", "[]", "null"])
def test_an_empty_body_is_never_good(account, body, kind):
    """The SDK's validator answers True for `{}` without a look at it."""
    answer = post(body, sign(TOKEN, PUBLIC + PATH, {}), kind=kind)

    assert answer.status_code in (400, 403)
    assert one().verdict != Verdict.GOOD


def test_a_signature_of_json_is_none_for_an_empty_form(account):
    answer = post_json(TOKEN, told(account))
    path = answer.wsgi_request.get_full_path()
    Delivery.objects.all().delete()

    assert post("", answer.wsgi_request.headers["X-Twilio-Signature"], path=path).status_code == 400


def test_an_account_that_is_not_connected_is_refused(account):
    delivery = refused(post_form(TOKEN, {"AccountSID": "AC" + "9" * 32}), Verdict.UNKNOWN_ACCOUNT)

    assert delivery.account_id is None


def test_an_account_with_an_api_key_alone_cannot_be_verified(db):
    account = connected("Ours")

    assert "an API key signs no callbacks" in refused(post_form(TOKEN, told(account)), Verdict.NO_TOKEN).why


def test_a_token_that_no_key_opens_is_no_fault_of_ours(account, settings):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE portal_twilioaccount SET auth_token = 'gAAAAnonsense'")

    assert "FIELD_ENCRYPTION_KEYS" in refused(post_form(TOKEN, told(account)), Verdict.NO_TOKEN).why


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * (LARGEST + 1), FORM, 413),
        (b"Status=\xff\xfe", FORM, 400),
        (b"\xff\xfe", JSON, 400),
        (b"{", JSON, 400),
        (b"[" * 50_000, JSON, 400),
        (b"&".join(b"a%d=1" % n for n in range(1200)), FORM, 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"a=1", "text/plain", 415),
        (b"a=1", "", 415),
    ],
    ids=["giant", "form no utf-8", "json no utf-8", "broken", "deep", "fields", "parts", "text", "none"],
)  # fmt: skip
def test_what_nobody_can_read_is_refused_without_a_look_at_its_signature(account, body, kind, status):
    refused(post(body, "signature", kind=kind), Verdict.UNREADABLE, status)


def test_a_figure_of_any_length_is_no_fault(account):
    refused(post('{"a": ' + "9" * 50_000 + ', "b": 1e999, "c": true}', "signature", kind=JSON))


def test_a_body_of_the_largest_size_is_read(account):
    form = told(account)
    form["Filler"] = "x" * (LARGEST - sum(len(f"{name}={value}&") for name, value in form.items()) - 7)

    assert post_form(TOKEN, form).status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_other_methods_are_not_allowed(method):
    answer = getattr(Client(), method)(PATH)

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert not Delivery.objects.exists()


def test_there_is_no_redirect_to_a_trailing_slash(account):
    assert post_form(TOKEN, told(account), path=PATH.rstrip("/")).status_code == 404


def test_thousands_of_forgeries_are_one_row_a_minute(account, django_assert_max_num_queries):
    for number in range(30):
        post_form("nobody's", told(account, Status=f"{number}"))

    assert sum(Delivery.objects.values_list("times", flat=True)) == 30
    assert Delivery.objects.count() <= 2  # the minute may have turned


def test_a_forgery_asks_the_database_little(account, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        post_form("nobody's", told(account))


# The same once more


def test_the_same_twice_is_one_row(account):
    for _ in range(2):
        assert post_form(TOKEN, told(account)).status_code == 200

    assert one().times == 2


def test_an_attempt_to_deliver_once_more_is_known_by_its_token(account):
    header = {"I_Twilio_Idempotency_Token": "once"}
    post_form(TOKEN, told(account), **header)
    Delivery.objects.update(key=f"{one().key[:-2]}xx")  # as if it had come in another minute

    post_form(TOKEN, told(account), **header)

    assert one().times == 2


def test_an_unsigned_token_makes_no_difference_between_bodies(account):
    header = {"I_Twilio_Idempotency_Token": "once"}
    post_form(TOKEN, told(account), **header)
    post_form(TOKEN, told(account, Status="arrived"), **header)

    assert Delivery.objects.count() == 2


def test_other_tokens_with_a_body_that_was_seen_fill_no_table(account):
    for number in range(5):
        post_form(TOKEN, told(account), I_Twilio_Idempotency_Token=f"{number}")

    assert Delivery.objects.count() <= 2


def test_what_comes_again_after_it_was_done_is_read_again(account):
    """Approved, rejected, approved within a minute: the third is the first's body, and must not be lost."""
    post_form(TOKEN, told(account))
    Delivery.objects.update(state=State.DONE, processed_at="2026-01-01T00:00:00Z", attempts=3)

    post_form(TOKEN, told(account))

    assert (one().state, one().attempts, one().sent_at) == (State.WAITING, 0, None)


# What goes wrong around it


def test_without_a_broker_the_row_waits(account):
    with broker_away():
        assert post_form(TOKEN, told(account)).status_code == 200

    assert (one().state, one().sent_at) == (State.WAITING, None)


def test_it_asks_for_no_sign_in_and_no_csrf_token(account, settings):
    settings.MFA_REQUIRED_ROLES = ["admin"]
    client = Client(enforce_csrf_checks=True)

    assert post_form(TOKEN, told(account), client=client).status_code == 200


def test_a_callback_takes_few_queries(account, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        post_form(TOKEN, told(account))


# Whatever comes

_words = st.text(st.characters(codec="utf-8"), max_size=12)
_rules = rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_rules
@given(
    body=st.binary(max_size=300),
    kind=st.sampled_from([FORM, JSON, f"{FORM}; charset=utf-7"]),
    query=_words,
)
def test_whatever_is_sent_is_answered_and_never_believed(account, body, kind, query):
    answer = post(body, "c2lnbmVk", kind=kind, path=f"{PATH}?{quote(query)}")

    assert answer.status_code in (400, 403, 413, 415)
    assert not Delivery.objects.filter(verdict=Verdict.GOOD).exists()


@_rules
@given(form=st.dictionaries(_words, _words, max_size=5))
def test_whatever_twilio_signs_is_read_without_a_fault(account, form):
    assert post_form(TOKEN, {**form, "AccountSID": account.pk, "ParcelSID": PARCEL}).status_code == 200


@_rules
@given(form=st.dictionaries(_words, _words, min_size=1), token=st.text(min_size=1, max_size=40))
def test_the_sdk_and_we_agree_about_forms(form, token):
    sent = QueryDict(mutable=True)
    sent.update(form)
    token = token.encode(errors="replace").decode()
    signature = RequestValidator(token).compute_signature(PUBLIC + PATH, sent)

    assert is_signed(PUBLIC + PATH, sent, signature, secret=token)
    assert not is_signed(PUBLIC + PATH, sent, signature, secret=f"{token}x")


def test_credentials_are_nowhere_in_what_is_kept(account):
    post_form(TOKEN, told(account))
    post_form("nobody's", told(account))

    for delivery in Delivery.objects.all():
        assert TOKEN not in str(vars(delivery))
    assert TwilioAccount.objects.get().auth_token == TOKEN
    assert configured.PUBLIC_URL == PUBLIC
