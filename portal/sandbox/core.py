"""The sandbox itself: state, clock, faults and journal around one `handle(Request) -> Response`."""

import base64
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar
from urllib.parse import urlencode

from portal.sandbox import agenda, callbacks, spoil
from portal.sandbox.auth import authenticate, reach
from portal.sandbox.call import API, Call
from portal.sandbox.callbacks import Callback
from portal.sandbox.clock import Clock
from portal.sandbox.dataset import build
from portal.sandbox.dataset.accounts import CREDENTIALS, Credentials
from portal.sandbox.dump import dump
from portal.sandbox.errors import ApiError, refusal
from portal.sandbox.faults import Fault, Faults
from portal.sandbox.hosting.desk import HostingDesk
from portal.sandbox.journal import Entry, Journal, without_secrets
from portal.sandbox.porting.desk import PortingDesk
from portal.sandbox.regulatory import laws
from portal.sandbox.regulatory.resources import Bundle, Regulation
from portal.sandbox.regulatory.review import ReviewSettings
from portal.sandbox.regulatory.verdicts import Verdict, find_bundle, judge
from portal.sandbox.resources import Account
from portal.sandbox.routes import ROUTES, Router
from portal.sandbox.store import Store, read_meta, replace_file
from portal.sandbox.wire import FORM_TYPE, JSON_TYPE, Answer, Request, Response, decode, encode

Post = Callable[[str, dict[str, str], bytes], str]
Get = Callable[[str, dict[str, str]], str]
ACCOUNT_IN_PATH = re.compile(r"/Accounts/(AC[0-9a-fA-F]{32})")


class NotASandbox(Exception):
    """The file is something else's and stays as it is."""


class Sandbox:
    """A stand-in for Twilio over one SQLite file, or in memory without a path.

    A file is kept as it is found if it was made with the same number of numbers by this version,
    and is built anew otherwise. In memory every sandbox of a size and day starts from one image.
    Safe to use from several threads.
    """

    _images: ClassVar[dict[tuple[int, int], bytes]] = {}
    _building: ClassVar[Lock] = Lock()

    def __init__(
        self, path: Path | None = None, *, numbers: int = build.DEFAULT_NUMBERS, clock: Clock | None = None
    ) -> None:
        self.path = path
        self.numbers = numbers
        self.clock = clock or Clock()
        self._first_clock = self.clock.saved()
        self.faults = Faults()
        self.journal = Journal()
        self.porting = PortingDesk(self)
        self.hosting = HostingDesk(self)
        self._router = Router(ROUTES)
        self._started = time.monotonic()
        self.store = self._open()
        self.clock.changed = self._keep_clock

    @property
    def credentials(self) -> Credentials:
        """The parent account's."""
        return CREDENTIALS[0]

    @property
    def subaccounts(self) -> tuple[Credentials, ...]:
        """Those of the subaccounts of the initial data set."""
        return CREDENTIALS[1:]

    def handle(self, request: Request) -> Response:
        """Answer a request as Twilio would, unless a fault strikes; every one enters the journal."""
        account = _account_of(request)
        fault = self.faults.draw(request, account)
        number = self.journal.next_number()
        request_id = f"RQ{secrets.token_hex(16)}"
        committed, code = False, None
        if fault and fault.prevents:
            response = spoil.instead(fault)
        else:
            response, committed, code = self._process(spoil.before(fault, request))
        status = response.status
        if fault and not fault.prevents:
            response = spoil.spoil(fault, request, response)
        response.headers["Twilio-Request-Id"] = request_id
        self._record(number, request_id, request, account, status, code, committed, fault)
        return response

    def direct(self, method: str, path: str, *, host: str = API, **form: str) -> Any:
        """Read or change Twilio's side behind the back of whoever is tested: no fault, no journal.

        Signs in as the parent. Returns the JSON, None for an empty answer; raises ApiError if refused.
        """
        user = f"{self.credentials.account_sid}:{self.credentials.auth_token}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(user).decode()}", "Content-Type": FORM_TYPE}
        request = Request.at(method, f"/{host}{path}", headers, urlencode(form).encode())
        response, _, _ = self._process(request)
        body: Any = decode(response.body) if response.body else None
        if response.status >= 400:
            raise ApiError(body["code"], body["message"], response.status)
        return body

    @contextmanager
    def changing(self) -> Iterator[tuple[Store, int]]:
        """A transaction behind the API's back, and the time it happens at."""
        with self.store.lock:
            now = self.clock.seconds()
            agenda.run_due(self.store, now)
            with self.store.transaction():
                yield self.store, now

    def deliver(self, post: Post, get: Get | None = None) -> int:
        """Give every callback that is due to `post(url, headers, body)`, which tells the status it got.

        Those that go by GET are given to `get(url, headers)`, if there is one. What has fallen due meanwhile
        happens first. Returns how many were sent; the lock is not held while they are.
        """
        sent = 0
        while (next_one := self._next_callback()) is not None:
            callback, url, headers, body = next_one
            if callback.kind != "get":
                answer = post(url, headers, body)
            else:
                answer = get(url, headers) if get else f"{callbacks.NOT_SENT}: nobody takes a GET"
            with self.store.transaction():
                callbacks.note(self.store, callback, self.clock.seconds(), answer)
            sent += 1
        return sent

    def _next_callback(self) -> tuple[Callback, str, dict[str, str], bytes] | None:
        """The next one that is not lost or put off by a fault, written down as sent."""
        with self.changing() as (store, now):
            while (callback := callbacks.next_waiting(store, now)) is not None:
                fault = self._fault_of(callback)
                kind = fault.kind if fault else None
                if fault and kind == "callback-late":
                    callbacks.put_off(store, callback, now + max(int(fault.seconds), 1))
                    continue
                lost = kind == "callback-lost"
                callbacks.note(store, callback, now, callbacks.LOST if lost else None)
                if lost:
                    continue
                if fault and kind == "callback-twice" and not callbacks.is_repeat(store, callback):
                    callbacks.repeat(store, callback.id, now + int(fault.seconds))
                headers = callbacks.headers_of(store, callback, is_forged=kind == "callback-forged")
                url, body = spoil.tampered(callback.target, callback.body, fault)
                return callback, url, headers, body
        return None

    def _fault_of(self, callback: Callback) -> Fault | None:
        """What befalls a callback; nothing, if it is late already."""
        if callbacks.is_late(callback):
            return None
        method = "GET" if callback.kind == "get" else "POST"
        request = Request.at(method, callback.url.partition("://")[2], {}, callback.body)
        return self.faults.draw(request, callback.account, is_callback=True)

    def set_account(
        self,
        sid: str,
        *,
        type: str | None = None,
        restricted: bool | None = None,
        catalog: bool | None = None,
        porting: bool | None = None,
        hosting: bool | None = None,
        hosting_preview: bool | None = None,
    ) -> None:
        """Make an account `Trial` or `Full`, keep it from buying (22300), let it into a product or not.

        The Global Catalog, porting (else 403 20403), hosting and its preview version (else 404).
        """
        switches = {
            "restricted": restricted,
            "catalog": catalog,
            "porting": porting,
            "hosting": hosting,
            "hosting_preview": hosting_preview,
        }
        with self.store.transaction():
            account = self.store.find(Account, sid)
            if account is None:
                raise LookupError(f"There is no account {sid}.")
            if type is not None:
                account.type = type
                self.store.save(account)
            for name, value in switches.items():
                if value is not None:
                    self.store.db.execute(f"UPDATE credential SET {name} = ? WHERE account = ?", (value, sid))  # noqa: S608

    def judge(self, bundle_sid: str, verdict: Verdict) -> Bundle:
        """Approve or reject a bundle, or set its valid_until, as a reviewer of Twilio's does."""
        with self.changing() as (store, now):
            bundle = find_bundle(store, bundle_sid)
            judge(store, bundle, verdict, now)
            return bundle

    def set_reviews(self, settings: ReviewSettings) -> None:
        """How soon reviews go on by themselves, or that they do not."""
        with self.changing() as (store, _):
            store.write_meta({"reviews": settings})

    def add_regulation(self, new: laws.NewRegulation) -> Regulation:
        with self.changing() as (store, now):
            return laws.add_regulation(store, new, now)

    def change_regulation(self, sid: str, change: laws.RegulationChange) -> Regulation:
        """Make another version of a regulation, with all that follows for bundles; return that version."""
        with self.changing() as (store, now):
            return laws.change_regulation(store, laws.find(store, sid), change, now)

    def dump(self, resource: str, account: str | None = None) -> Iterator[bytes]:
        """The resource as NDJSON lines sorted by sid: the truth to compare a copy with."""
        return dump(self.store, resource, account)

    def reset(self) -> None:
        """Back to the initial data set, with the clock as it was given, no faults and an empty journal."""
        with self.store.lock:
            self.faults.clear()
            self.journal.clear()
            self.clock.restore(self._first_clock)
            self.store.close()
            if self.path is not None:
                self.path.unlink(missing_ok=True)
            self.store.db = self._open().db

    def close(self) -> None:
        self.store.close()

    def _process(self, request: Request) -> tuple[Response, bool, int | None]:
        headers = {"Content-Type": JSON_TYPE}
        with self.store.lock:
            now = self.clock.seconds()
            agenda.run_due(self.store, now)
            before = self.store.db.total_changes
            try:
                with self.store.transaction():
                    answer = self._answer(request, now)
            except ApiError as error:
                if error.status == 401:
                    headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
                return Response(error.status, encode(error.body()), headers), False, error.code
            return Response(answer.status, answer.body, headers), self.store.db.total_changes > before, None

    def _answer(self, request: Request, now: int) -> Answer:
        caller = authenticate(self.store, request)
        handler, params = self._router.find(request)
        account = caller.account
        if "Account" in params:
            account = reach(self.store, caller, params["Account"], request)
        elif "AccountSid" in params:
            account = reach(self.store, caller, params["AccountSid"], request)
            _check_active(account, request)
        return handler(Call(self.store, request, now, caller, account, params))

    def _record(
        self,
        number: int,
        request_id: str,
        request: Request,
        account: str | None,
        status: int,
        code: int | None,
        committed: bool,
        fault: Fault | None,
    ) -> None:
        self.journal.add(
            Entry(
                number=number,
                time=self.clock.now().isoformat(timespec="milliseconds"),
                clock=round(time.monotonic() - self._started, 6),
                method=request.method,
                host=request.host,
                path=request.path,
                query=without_secrets(request.query),
                form=without_secrets(request.form),
                account=account,
                status=status,
                code=code,
                committed=committed,
                fault=fault.kind if fault else None,
                request_id=request_id,
            )
        )

    def _open(self) -> Store:
        anchor = build.anchor_of(self.clock.now())
        if self.path is None:
            with self._building:
                image = self._images.get((self.numbers, anchor))
                if image is None:
                    store = Store.in_memory()
                    build.fill(store, self.numbers, anchor)
                    image = self._images[self.numbers, anchor] = store.db.serialize()
                    store.close()
            return Store.in_memory(image)
        if not self._is_current(self.path):
            unfinished = self.path.with_name(f"{self.path.name}.building")
            store = Store.for_building(unfinished)
            build.fill(store, self.numbers, anchor)
            store.close()
            replace_file(unfinished, self.path)
        store = Store.in_file(self.path)
        self.clock.restore(store.read_meta().get("clock", self._first_clock))
        if not self.clock.is_moved:
            build.carry_traffic_forward(store, build.anchor_of(self.clock.now()))
        return store

    def _is_current(self, path: Path) -> bool:
        """Whether a file can be gone on with; one that is no sandbox's is never overwritten."""
        if not path.exists():
            return False
        meta = read_meta(path)
        if "version" not in meta:
            raise NotASandbox(f"{path} is not a sandbox's file.")
        return (meta["version"], meta.get("numbers")) == (build.VERSION, self.numbers)

    def _keep_clock(self) -> None:
        with self.store.lock:
            self.store.write_meta({"clock": self.clock.saved()})


def _check_active(account: Account, request: Request) -> None:
    """Below a suspended account the parent may read, below a closed one nobody may anything."""
    if account.status == "closed" or (account.status != "active" and request.method != "GET"):
        raise refusal(20005)


def _account_of(request: Request) -> str | None:
    """Whom a request concerns: the account in the path, else the one that signs in."""
    matched = ACCOUNT_IN_PATH.search(request.path)
    if matched:
        return matched[1]
    user, _ = request.basic_auth() or ("", "")
    known = next((keys for keys in CREDENTIALS if user in (keys.account_sid, keys.api_key)), None)
    return known.account_sid if known else user or None
