"""Scripted faults: what goes wrong, for which requests, how often (the fault matrix of the product)."""

# ruff: noqa: S311 (seeded, so that every run is the same)

from fnmatch import fnmatchcase
from itertools import count
from random import Random
from threading import Lock
from typing import Literal, get_args

import msgspec

from portal.sandbox.wire import Request

Kind = Literal[
    "status",
    "html",
    "slow",
    "reset",
    "lost-answer",
    "truncated",
    "wrong-length",
    "duplicate-page",
    "duplicate-row",
    "next-page-loop",
    "foreign-next-page",
    "empty-file",
    "callback-lost",
    "callback-late",
    "callback-twice",
    "callback-forged",
    "callback-tampered",
]
KINDS: tuple[str, ...] = get_args(Kind)
OF_CALLBACKS = ("callback-lost", "callback-late", "callback-twice", "callback-forged", "callback-tampered")


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One fault and the requests it befalls.

    `path` is a glob over the path (with or without Twilio's host before it), `account` the one in the
    path or the caller's. Of the requests that match, `nth` picks one (1 is the next), `probability` some,
    seeded by `seed`; after `times` it is spent.

    What the kinds take: "status" the `status`, `retry_after`, `body` ("json" or "html") and `commits`, by
    which the request is processed all the same; "slow" its `seconds`; "truncated" and "wrong-length" `at`,
    the byte where the body ends; "foreign-next-page" the `url`; "empty-file" loses what is uploaded.

    Kinds that begin with "callback-" befall what the sandbox calls, and match its URL: `host/path`. One that
    is tampered with says something else than what was signed.
    "callback-late" takes `seconds` of the sandbox's time, and "callback-twice" for the second one.
    """

    kind: Kind
    method: str | None = None
    path: str = "*"
    account: str | None = None
    nth: int | None = None
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    status: int = 500
    retry_after: int | None = None
    body: Literal["json", "html"] = "json"
    commits: bool = False
    seconds: float = 0.0
    at: int | None = None
    url: str = "https://collector.example.net/pages"
    id: int = 0
    matched: int = 0
    fired: int = 0

    def befalls(self, request: Request, account: str | None) -> bool:
        return (
            self.method in (None, "*", request.method)
            and self.account in (None, account)
            and (
                fnmatchcase(request.path, self.path)
                or fnmatchcase(f"/{request.host}{request.path}", self.path)
                or fnmatchcase(f"{request.host}{request.path}", self.path)
            )
        )

    @property
    def prevents(self) -> bool:
        """Whether the request is never processed."""
        return self.kind == "reset" or (self.kind == "status" and not self.commits)

    @property
    def is_spent(self) -> bool:
        return self.fired > 0 if self.nth else self.times is not None and self.fired >= self.times


class Faults:
    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._randoms: dict[int, Random] = {}
        self._ids = count(1)
        self._lock = Lock()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            fault.id, fault.matched, fault.fired = next(self._ids), 0, 0
            self._faults[fault.id] = fault
            self._randoms[fault.id] = Random(fault.seed)
        return fault

    def remove(self, fault_id: int) -> bool:
        with self._lock:
            self._randoms.pop(fault_id, None)
            return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._randoms.clear()

    def list(self) -> list[Fault]:
        with self._lock:
            return list(self._faults.values())

    def draw(self, request: Request, account: str | None, *, is_callback: bool = False) -> Fault | None:
        """The first fault that strikes this request. Every one that matches counts it, struck or not."""
        struck: Fault | None = None
        with self._lock:
            for fault in self._faults.values():
                if (fault.kind in OF_CALLBACKS) != is_callback:
                    continue
                if fault.is_spent or not fault.befalls(request, account):
                    continue
                fault.matched += 1
                if struck is None and self._strikes(fault):
                    fault.fired += 1
                    struck = fault
        return struck

    def _strikes(self, fault: Fault) -> bool:
        if fault.nth is not None:
            return fault.matched == fault.nth
        return fault.probability >= 1 or self._randoms[fault.id].random() < fault.probability
