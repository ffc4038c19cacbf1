"""Accounts: the parent and its subaccounts. Their answers show the auth token, as Twilio's do."""

from portal.sandbox import paging
from portal.sandbox.call import API, Call, Route
from portal.sandbox.errors import refusal
from portal.sandbox.resources import Account, make_sid
from portal.sandbox.settings import read_name
from portal.sandbox.store import Store
from portal.sandbox.wire import Answer, created, ok

STATUSES = ("active", "suspended", "closed")


def list_accounts(call: Call) -> Answer:
    """The caller and, if it is the parent, its subaccounts."""
    window = paging.read_window(call.request.query, lambda sid: call.store.position("document", sid))
    sql = (
        "SELECT position, sid, CAST(body AS BLOB) FROM document"
        " WHERE kind = 'account' AND (account = ? OR sid = ?)"
    )
    parameters: list[object] = [call.caller.account.sid, call.caller.account.sid]
    if name := call.query.get("FriendlyName"):
        sql += " AND json_extract(body, '$.friendly_name') = ?"
        parameters.append(name)
    if status := call.query.get("Status"):
        sql += " AND json_extract(body, '$.status') = ?"
        parameters.append(status)
    end, bounds = window.clause()
    page = paging.cut_page(window, call.store.rows(sql + end, [*parameters, *bounds]))
    return paging.v2010_list(call.request, "accounts", page)


def create_account(call: Call) -> Answer:
    parent = call.caller.account
    if not parent.is_parent:
        raise refusal(20006)
    sid = call.new_sid("AC")
    account = Account(
        sid=sid,
        auth_token=make_sid("", f"token:{sid}"),
        friendly_name=read_name(call.form.get("FriendlyName", "")) or f"SubAccount Created at {call.date}",
        owner_account_sid=parent.sid,
        type=parent.type,
        date_created=call.date,
        date_updated=call.date,
    )
    call.store.add(account)
    add_credential(call.store, sid)
    return created(account)


def fetch_account(call: Call) -> Answer:
    return ok(call.account)


def update_account(call: Call) -> Answer:
    """Rename, suspend, reactivate or close; a closed subaccount stays closed and loses its numbers."""
    account = call.account
    if "FriendlyName" in call.form:
        account.friendly_name = read_name(call.form["FriendlyName"]) or account.friendly_name
    status = call.form.get("Status", "")
    if status and status != account.status:
        if not call.caller.account.is_parent:
            raise refusal(20006)
        _check_status(account, status)
        account.status = status
        if status == "closed":
            for (sid,) in call.store.rows("SELECT sid FROM number WHERE account = ?", (account.sid,)):
                call.store.forget("number", sid)
    account.touch(call.now)
    call.store.save(account)
    return ok(account)


def _check_status(account: Account, status: str) -> None:
    if status not in STATUSES:
        raise refusal(21475)
    if account.is_parent:
        raise refusal(21477)
    if account.status == "closed":
        raise refusal(21479)


def add_credential(store: Store, sid: str) -> None:
    """Give an account the API key it is known by, made from its sid."""
    key, secret = make_sid("SK", f"key:{sid}"), make_sid("", f"secret:{sid}")
    store.db.execute(
        "INSERT INTO credential (account, api_key, api_secret) VALUES (?, ?, ?)", (sid, key, secret)
    )


ROUTES = (
    Route("GET", API, "/2010-04-01/Accounts.json", list_accounts),
    Route("POST", API, "/2010-04-01/Accounts.json", create_account),
    Route("GET", API, "/2010-04-01/Accounts/{Account}.json", fetch_account),
    Route("POST", API, "/2010-04-01/Accounts/{Account}.json", update_account),
)
