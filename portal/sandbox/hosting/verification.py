"""The call that proves ownership (doc pages 1, 8): Twilio calls the number and asks for the code four times.

The code is good for ten minutes, and further calls within them ask for the same one. After the third call
that came to nothing the order needs action. Extensions are digits, with `w` for half a second's wait.

Left alone, whoever has the number answers and types the code. Nobody answers a number that ends in 31; one
that ends in 34 is behind a menu, which takes a 2 after at least two seconds, and then a 5.
"""

import re

from portal.sandbox import elsewhere
from portal.sandbox.errors import refusal
from portal.sandbox.hosting import settings
from portal.sandbox.hosting.progress import USED_UP, require_action, set_status, verify
from portal.sandbox.hosting.resources import RECEIVED, VERIFYING, HostedOrder
from portal.sandbox.resources import make_sid
from portal.sandbox.store import Store

MOST_CALLS = 3
PROMPTS = 4
CODE_SECONDS = 600
MAX_DELAY = 60
EXTENSION = re.compile(r"[0-9wW*#]{1,64}")
THROUGH_THE_MENU = re.compile(r"w{4,}2w+5w*", re.IGNORECASE)


def read_delay(text: str) -> int:
    if not text.isdigit() or int(text) > MAX_DELAY:
        raise refusal(21454)
    return int(text)


def read_extension(text: str) -> str:
    if not EXTENSION.fullmatch(text):
        raise refusal(22117)
    return text


def start_call(store: Store, order: HostedOrder, now: int) -> None:
    """Call, after the order's delay. A fourth time: 22100; not the time for it: 22112."""
    if order.verification_attempts >= MOST_CALLS:
        raise refusal(22100)
    if order.status not in (RECEIVED, VERIFYING):
        raise refusal(22112)
    order.verification_attempts += 1
    order.verification_call_sids = [*order.verification_call_sids, store.new_sid("CA")]
    order.call_open, order.wrong = True, 0
    if order.verification_code is None:
        order.verification_code = _make_code(order)
        order.code_until = now + CODE_SECONDS
        store.schedule(order.code_until, "expire_hosted_code", order.sid, str(order.code_until))
    set_status(store, order, VERIFYING, now)
    automatic = settings.read(store)
    if automatic.automatic:
        at = now + order.call_delay + automatic.answer
        store.schedule(at, "answer_hosted_call", order.sid, order.verification_call_sids[-1])


def press(store: Store, order: HostedOrder, typed: str, now: int) -> bool:
    """Type a code on the line; whether it was the right one. After the fourth wrong one Twilio hangs up."""
    if not order.call_open or order.verification_code is None:
        raise ValueError("there is no call on the line")
    if typed == order.verification_code:
        verify(store, order, now)
        return True
    order.wrong += 1
    store.save(order)
    if order.wrong >= PROMPTS:
        hang_up(store, order, now)
    return False


def hang_up(store: Store, order: HostedOrder, now: int) -> None:
    """A call ends without the code."""
    if not order.call_open:
        raise ValueError("there is no call on the line")
    order.call_open = False
    store.save(order)
    if order.verification_attempts >= MOST_CALLS:
        require_action(store, order, now, USED_UP)


def _make_code(order: HostedOrder) -> str:
    return f"{int(make_sid('', f'code:{order.sid}:{order.verification_attempts}')[:8], 16) % 1_000_000:06d}"


def _answer_due(store: Store, at: int, sid: str, call_sid: str) -> None:
    order = store.find(HostedOrder, sid)
    if order is None or not order.call_open or order.verification_call_sids[-1] != call_sid:
        return
    ending = elsewhere.ending_of(order.phone_number)
    lost = ending == elsewhere.BEHIND_IVR and not THROUGH_THE_MENU.fullmatch(order.extension or "")
    if lost or ending == elsewhere.NOBODY_ANSWERS:
        hang_up(store, order, at)
    else:
        press(store, order, order.verification_code or "", at)


def _expire_due(store: Store, at: int, sid: str, until: str) -> None:
    order = store.find(HostedOrder, sid)
    if order is None or order.status != VERIFYING or order.code_until != int(until):
        return
    order.verification_code, order.call_open = None, False
    order.touch(at)
    store.save(order)
    if order.verification_attempts >= MOST_CALLS:
        require_action(store, order, at, USED_UP)


ACTIONS = {"answer_hosted_call": _answer_due, "expire_hosted_code": _expire_due}
