"""The owned numbers of the data set, in the order in which they were bought."""

# ruff: noqa: S311 (seeded, so that every run is the same)

from bisect import bisect
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import msgspec

from portal.sandbox.clock import rfc2822
from portal.sandbox.dataset import names
from portal.sandbox.dataset.accounts import DAY, Desk
from portal.sandbox.dataset.plan import LINES, NORTH_AMERICA, Line
from portal.sandbox.friendly import format_number
from portal.sandbox.resources import Capabilities, Number, make_sid

# Where the share of each account begins, but for the first.
SHARES = (0.42, 0.72, 0.9)
OLDEST = 1100 * DAY
NEWEST = 2 * DAY
HOSTED = Capabilities(sms=True)


class Owned(NamedTuple):
    """What the traffic of a number is made from."""

    sid: str
    account: str
    phone_number: str
    capabilities: Capabilities
    created: int


def allocate(total: int) -> list[int]:
    """How many numbers each line gets: by weight, but no more than its ranges hold."""
    capacities = [sum(block.capacity for block in line.blocks) for line in LINES]
    counts = [0] * len(LINES)
    open_lines = set(range(len(LINES)))
    while (left := total - sum(counts)) > 0 and open_lines:
        weight = sum(LINES[index].weight for index in open_lines)
        shares = {index: left * LINES[index].weight / weight for index in open_lines}
        for index, share in shares.items():
            counts[index] = min(capacities[index], counts[index] + int(share))
        if all(share < 1 for share in shares.values()):
            for index in sorted(open_lines, key=lambda index: -shares[index])[:left]:
                counts[index] = min(capacities[index], counts[index] + 1)
        open_lines = {index for index in open_lines if counts[index] < capacities[index]}
    if sum(counts) < total:
        raise ValueError(f"The number plan holds {sum(counts)} numbers, not {total}.")
    return counts


def owned_numbers(line: Line) -> Iterator[tuple[str, str | None]]:
    """The numbers of a line that may be owned, its blocks taking turns, with their locality."""
    serials = [(block, block.owned()) for block in line.blocks]
    while serials:
        remaining = []
        for block, counter in serials:
            serial = next(counter, None)
            if serial is not None:
                yield block.number(serial), block.place.locality if block.place else None
                remaining.append((block, counter))
        serials = remaining


class NumberMaker:
    """Makes the records one by one, so that a million of them need no more memory than one."""

    def __init__(self, desks: list[Desk], total: int, anchor: int) -> None:
        self.rng = Random(f"numbers:{total}")
        self.desks = desks
        self.total = total
        self.anchor = anchor
        self.voices = [_voice_setups(desk) for desk in desks]
        self.texts = [_text_setups(desk) for desk in desks]
        order = bytearray()
        for index, count in enumerate(allocate(total)):
            order += bytes((index,)) * count
        self.order = list(order)
        self.rng.shuffle(self.order)

    def __iter__(self) -> Iterator[tuple[tuple[Any, ...], Owned]]:
        sources = [owned_numbers(line) for line in LINES]
        span = OLDEST - NEWEST
        for position, index in enumerate(self.order, start=1):
            phone_number, locality = next(sources[index])
            created = self.anchor - OLDEST + int(span * (position - self.rng.random()) / self.total)
            yield self._record(position, LINES[index], phone_number, locality, created)

    def _record(
        self, position: int, line: Line, phone_number: str, locality: str | None, created: int
    ) -> tuple[tuple[Any, ...], Owned]:
        random = self.rng.random
        which = bisect(SHARES, random())
        desk = self.desks[which]
        sid = make_sid("PN", phone_number)
        capabilities = line.capabilities
        in_north_america = line.country in NORTH_AMERICA
        origin = "twilio"
        setup: dict[str, Any]
        if in_north_america and random() < 0.015:
            origin, capabilities, setup = "hosted", HOSTED, dict(HOSTED_SETUP)
        else:
            setup = dict(_pick(self.voices[which], random())) if capabilities.voice else {}
            if in_north_america and capabilities.voice and random() < 0.3:
                setup |= self._emergency(desk, line.country)
            if not in_north_america:
                setup.pop("voice_caller_id_lookup", None)
        if capabilities.sms:
            setup |= _pick(self.texts[which], random())
        if line.address != "none":
            setup["address_sid"] = self._address(desk, line)
        if line.bundle and random() >= 0.06:
            papers = desk.bundles[line.country, line.type]
            bundle, address = papers[position % len(papers)]
            setup["bundle_sid"] = bundle
            if address and line.address != "none":
                setup["address_sid"] = address
        beta = random() < 0.02
        born = changed = rfc2822(created)
        if random() > 0.55:
            changed = rfc2822(created + int(random() * (self.anchor - created)))
        name = self._name(phone_number, locality)
        number = Number(
            account_sid=desk.sid,
            address_requirements=line.address,
            beta=beta,
            capabilities=capabilities,
            date_created=born,
            date_updated=changed,
            friendly_name=name,
            origin=origin,
            phone_number=phone_number,
            sid=sid,
            type=line.type,
            **setup,
        )
        row = (
            position,
            sid,
            desk.sid,
            phone_number,
            name,
            line.type,
            origin,
            beta,
            number.address_sid,
            number.emergency_address_sid,
            number.bundle_sid,
            encode(number),
        )
        return row, Owned(sid, desk.sid, phone_number, capabilities, created)

    def _name(self, phone_number: str, locality: str | None) -> str:
        random = self.rng.random
        if random() < 0.3:
            return format_number(phone_number)
        team = _pick(names.TEAMS, random())
        place = f" {locality}" if locality and random() < 0.7 else ""
        return f"{team}{place}{_pick(names.REMARKS, random())}"

    def _address(self, desk: Desk, line: Line) -> str:
        if line.address == "foreign":
            return desk.addresses["US"][0]
        fitting = desk.addresses.get(line.country) or desk.addresses["US"]
        return fitting[int(self.rng.random() * len(fitting))]

    def _emergency(self, desk: Desk, country: str) -> dict[str, Any]:
        draw = self.rng.random()
        status = (
            "registered" if draw < 0.92 else "pending-registration" if draw < 0.96 else "registration-failure"
        )
        return {
            "emergency_status": "Active",
            "emergency_address_sid": _pick(desk.emergency[country], draw * 7 % 1),
            "emergency_address_status": status,
        }


encode = msgspec.json.Encoder().encode

# Doc page 01: a hosted number has no voice settings at all, and null methods until it is configured.
HOSTED_SETUP: dict[str, Any] = dict.fromkeys(
    (
        "sms_fallback_method", "sms_fallback_url", "sms_method", "sms_url", "status_callback",
        "status_callback_method", "voice_fallback_method", "voice_method",
    )
)  # fmt: skip


def _pick(options: Any, draw: float) -> Any:
    return options[int(draw * len(options))]


def _voice_setups(desk: Desk) -> list[dict[str, Any]]:
    """The ways an account answers its calls; the odd ones are there to be found by a configuration check."""
    base = f"https://voice.{desk.slug}.example.com"
    with_callback = {"status_callback": f"{base}/status"}
    setups: list[dict[str, Any]] = []
    for queue in ("inbound", "support", "sales", "ivr/main", "ivr/night", "queue/7"):
        full = {"voice_url": f"{base}/{queue}", "voice_fallback_url": f"{base}/fallback", **with_callback}
        setups += [
            full,
            {**full, "voice_caller_id_lookup": True},
            {"voice_url": f"{base}/{queue}", **with_callback},
        ]
    setups += [{"voice_application_sid": sid} for sid in desk.applications]
    setups += [{"trunk_sid": sid} for sid in desk.trunks]
    setups.append({"voice_url": f"http://legacy.{desk.slug}.example.com/answer.php", "voice_method": "GET"})
    setups.append({})
    return setups


def _text_setups(desk: Desk) -> list[dict[str, Any]]:
    base = f"https://sms.{desk.slug}.example.com"
    setups: list[dict[str, Any]] = []
    for path in ("inbound", "two-way", "optout"):
        full = {"sms_url": f"{base}/{path}", "sms_method": "POST"}
        setups += [full, {**full, "sms_fallback_url": f"{base}/fallback", "sms_fallback_method": "POST"}]
    setups += [{"sms_application_sid": sid} for sid in desk.applications[1:4]]
    setups += [{"sms_url": f"http://legacy.{desk.slug}.example.com/sms.php", "sms_method": "GET"}, {}]
    return setups
