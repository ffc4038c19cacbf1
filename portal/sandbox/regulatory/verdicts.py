"""What a reviewer says of a bundle by hand."""

import msgspec

from portal.sandbox.regulatory import review
from portal.sandbox.regulatory.reasons import REASONS
from portal.sandbox.regulatory.resources import APPROVED, DRAFT, IN_REVIEW, PROVISIONAL, REJECTED, Bundle
from portal.sandbox.store import Store


class Verdict(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A status, a code and the documents it is about if it is a rejection, or a valid_until ("" for none)."""

    status: str | None = None
    code: int | None = None
    reason: str = ""
    documents: list[str] = []
    valid_until: str | None = None


def find_bundle(store: Store, sid: str) -> Bundle:
    bundle = store.find(Bundle, sid)
    if bundle is None:
        raise LookupError(f"There is no bundle {sid}.")
    return bundle


def judge(store: Store, bundle: Bundle, verdict: Verdict, now: int) -> None:
    """Do what a verdict says, unless the bundle is a draft. ValueError if it says nothing sensible."""
    match verdict.status:
        case None:
            pass
        case _ if bundle.status == DRAFT:
            raise ValueError("a draft is its owner's")
        case "twilio-approved" | "provisionally-approved":
            review.approve(store, bundle, now, verdict.status)
        case "twilio-rejected":
            code = verdict.code or 18001
            if code not in REASONS:
                raise ValueError(f"there is no rejection code {code}")
            review.reject(store, bundle, now, code, verdict.reason, verdict.documents)
        case "in-review":
            review.pick_up(store, bundle, now)
        case _:
            raise ValueError(f"reviewers set {IN_REVIEW}, {APPROVED}, {PROVISIONAL} or {REJECTED}")
    if verdict.valid_until is not None:
        if bundle.status not in (APPROVED, PROVISIONAL):
            raise ValueError("only what is approved is valid until a date")
        review.set_valid_until(store, bundle, now, verdict.valid_until or None)
