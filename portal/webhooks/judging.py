"""Whose a callback is, and whether Twilio sent it.

Twilio signs with the primary auth token of the account that sends: a bundle's own, and for porting the
parent of all of them (contract 6.4). So the token of the account that the body names is tried, then its
parent's; for a body that names none, those of all accounts. A secondary token signs nothing until it is
promoted (error 57012).
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from portal.models import Delivery, TwilioAccount
from portal.secrets import CannotDecrypt
from portal.twilio.signatures import body_hash, is_signed, key_named
from portal.webhooks.callbacks import Callback

Verdict = Delivery.Verdict
# Of a body that names no account, so many tokens are tried.
_MOST_ACCOUNTS = 200


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, whose the callback is as far as that is known, and why it was refused, in words."""

    verdict: Verdict
    account: TwilioAccount | None = None
    why: str = ""


def judge(callback: Callback) -> Judgement:
    """Say whether Twilio sent this. Whatever cannot be verified is refused."""
    named_sid = callback.fields.get("accountsid", "")[:34]
    try:
        named, signers = _signers(named_sid)
    except CannotDecrypt:
        why = "The keys in FIELD_ENCRYPTION_KEYS do not open the auth token."
        return Judgement(Verdict.NO_TOKEN, why=why)
    if named_sid and not named:
        return Judgement(
            Verdict.UNKNOWN_ACCOUNT, why=f"Its account is not connected: {_printable(named_sid)}."
        )
    if fault := _fault(callback):
        return Judgement(Verdict.BAD_SIGNATURE, named, fault)
    if key := key_named(callback.settings_header):
        secret = settings.TWILIO_WEBHOOK_KEYS.get(key, "")
        if not secret:
            why = f"It names the shared key {_printable(key)}, which TWILIO_WEBHOOK_KEYS does not have."
            return Judgement(Verdict.NO_TOKEN, named, why)
        signers = [(named, secret)]
    if not signers:
        whose = f"of {named} or of its parent" if named else "of any account"
        why = f"Numberdesk has no auth token {whose}, and an API key signs no callbacks. Connect the token."
        return Judgement(Verdict.NO_TOKEN, named, why)
    for account, secret in signers:
        if _is_signed(callback, callback.url(), secret):
            return Judgement(Verdict.GOOD, named or account)
    return Judgement(Verdict.BAD_SIGNATURE, named, _why(callback, named, [secret for _, secret in signers]))


def _signers(named_sid: str) -> tuple[TwilioAccount | None, list[tuple[TwilioAccount | None, str]]]:
    """The account that a body names, and who may have signed, with their tokens."""
    accounts = TwilioAccount.objects.defer("payload", "api_key_secret")
    if not named_sid:
        found = accounts.present().order_by("sid")[:_MOST_ACCOUNTS]
        return None, [(account, account.auth_token) for account in found if account.auth_token]
    named = accounts.filter(pk=named_sid).first()
    if named is None:
        return None, []
    family = [named]
    if named.is_subaccount:
        family += accounts.filter(pk=named.owner_sid)
    return named, [(account, account.auth_token) for account in family if account.auth_token]


def _fault(callback: Callback) -> str:
    """What shows, without any token, that a signature cannot be right."""
    if not callback.signature:
        return "It has no X-Twilio-Signature, so it is not Twilio's, or a proxy took the header away."
    if not callback.is_json:
        return ""
    said = body_hash(callback.url())
    if not said:
        return "Twilio adds bodySHA256 to the address when it sends JSON, and this one has none."
    if not hmac.compare_digest(said.encode(), hashlib.sha256(callback.body.encode()).hexdigest().encode()):
        return "Its body is not the one that bodySHA256 in its address speaks of."
    return ""


def _is_signed(callback: Callback, url: str, secret: str) -> bool:
    return is_signed(
        url,
        callback.signed,
        callback.signature,
        secret=secret,
        settings_header=callback.settings_header,
        is_get=callback.is_get,
    )


def _why(callback: Callback, named: TwilioAccount | None, secrets: list[str]) -> str:
    """Why a signature does not match: for which other address it would, or else what to check."""
    for base in _other_bases(callback):
        if any(_is_signed(callback, callback.url(base), secret) for secret in secrets):
            return (
                f"It was signed for {base}{callback.path}, and PUBLIC_URL is {settings.PUBLIC_URL}. "
                "Make the two the same: correct PUBLIC_URL, or the callback's address at Twilio."
            )
    whose = f"the auth token of {named}" if named else "the auth tokens of the accounts"
    return (
        f"It was not signed with {whose} for {settings.PUBLIC_URL}{callback.path}. If it is Twilio's, check "
        "that the primary auth token at Twilio is the one connected here, and that the address Twilio calls "
        "begins with PUBLIC_URL."
    )


def _other_bases(callback: Callback) -> Iterator[str]:
    """Where Twilio may have been told to call instead: where the request arrived, and the other scheme."""
    scheme, _, host = settings.PUBLIC_URL.partition("://")
    arrived = callback.origin.partition("://")[2]
    other_scheme = "http" if scheme == "https" else "https"
    yield from (f"{kind}://{place}" for place in (host, arrived) for kind in (scheme, other_scheme))


def _printable(text: str) -> str:
    """What a stranger wrote, short and without surprises."""
    return "".join(character for character in text[:60] if character.isprintable())
