"""Who may reach what (contract section 1: subaccounts; error 20003).

The AuthToken of the parent reaches api.twilio.com resources of every subaccount. An API key reaches
only the account it belongs to. On the other hosts the caller's own account is the scope.
"""

import hmac

from portal.sandbox.call import API, Caller
from portal.sandbox.errors import not_found, refusal
from portal.sandbox.resources import Account
from portal.sandbox.store import Store
from portal.sandbox.wire import Request


def authenticate(store: Store, request: Request) -> Caller:
    """The caller, or 401 20003. Accounts that are not active: 401 on api.twilio.com, 403 20403 elsewhere."""
    user, password = request.basic_auth() or ("", "")
    caller = _by_key(store, user, password) if user.startswith("SK") else _by_token(store, user, password)
    if caller is None:
        raise refusal(20003)
    if caller.account.status != "active":
        raise refusal(20003) if request.host == API else refusal(20403)
    return caller


def reach(store: Store, caller: Caller, sid: str, request: Request) -> Account:
    """The account whose sid stands in the path, if the caller may reach it."""
    if sid == caller.account.sid:
        return caller.account
    if caller.by_key or not caller.account.is_parent:
        raise refusal(20003)
    account = store.find(Account, sid)
    if account is None or account.owner_account_sid != caller.account.sid:
        raise not_found(request.path)
    return account


def _by_token(store: Store, user: str, password: str) -> Caller | None:
    account = store.find(Account, user)
    if account is None or not hmac.compare_digest(account.auth_token.encode(), password.encode()):
        return None
    return Caller(account, by_key=False)


def _by_key(store: Store, user: str, password: str) -> Caller | None:
    row = store.row("SELECT account, api_secret FROM credential WHERE api_key = ?", (user,))
    if row is None or not hmac.compare_digest(row[1].encode(), password.encode()):
        return None
    account = store.find(Account, row[0])
    return Caller(account, by_key=True) if account else None
