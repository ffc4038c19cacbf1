"""The accounts of the data set and what each keeps beside its numbers."""

# ruff: noqa: S311 (seeded, so that every build is the same)

from dataclasses import dataclass, field
from random import Random

from portal.sandbox.clock import rfc2822
from portal.sandbox.dataset import names
from portal.sandbox.dataset.plan import EMERGENCY_COUNTRIES, NORTH_AMERICA
from portal.sandbox.resources import Account, Address, Application, CallerId, make_sid
from portal.sandbox.store import Store

DAY = 86_400


@dataclass(frozen=True)
class Credentials:
    """What a client signs in with. The values are fixed and plainly fake."""

    account_sid: str
    auth_token: str
    api_key: str
    api_secret: str


def _fixed(index: int) -> Credentials:
    digits = f"{index + 1:02d}"
    return Credentials(
        f"AC{'fa4e':0<30}{digits}",
        f"{'fa4e7042':0<30}{digits}",
        f"SK{'fa4e':0<30}{digits}",
        f"{'FakeSecretOfTheSandbox':0<30}{digits}",
    )


CREDENTIALS = tuple(_fixed(index) for index in range(len(names.ACCOUNTS)))


# An approved bundle, and the address of the customer it is for; None if it is the account's own.
Paper = tuple[str, str | None]


@dataclass
class Desk:
    """One account's people-made resources, by sid, for its numbers to refer to."""

    sid: str
    slug: str
    addresses: dict[str, list[str]] = field(default_factory=dict)
    emergency: dict[str, list[str]] = field(default_factory=dict)
    applications: list[str] = field(default_factory=list)
    trunks: list[str] = field(default_factory=list)
    bundles: dict[tuple[str, str], list[Paper]] = field(default_factory=dict)

    def own_number(self, country: str) -> int:
        """What the account's own registration numbers in a country are made from."""
        return names.SLUGS.index(self.slug) * 31 + sum(map(ord, country)) % 31


def add_accounts(store: Store, anchor: int) -> list[Desk]:
    rng = Random("accounts")
    parent = CREDENTIALS[0].account_sid
    desks = []
    for index, (name, slug, keys) in enumerate(zip(names.ACCOUNTS, names.SLUGS, CREDENTIALS, strict=True)):
        opened = rfc2822(anchor - (1500 - 130 * index) * DAY)
        account = Account(
            sid=keys.account_sid,
            auth_token=keys.auth_token,
            friendly_name=name,
            owner_account_sid=parent,
            date_created=opened,
            date_updated=opened,
        )
        store.add(account)
        store.db.execute(
            "INSERT INTO credential (account, api_key, api_secret, catalog) VALUES (?, ?, ?, ?)",
            (
                keys.account_sid,
                keys.api_key,
                keys.api_secret,
                index == 0,
            ),  # the preview is closed to new ones
        )
        desk = Desk(keys.account_sid, slug)
        desk.trunks = [make_sid("TK", f"{slug}:{number}") for number in range(2)]
        _add_addresses(store, desk, name, anchor, rng)
        _add_applications(store, desk, anchor, rng)
        _add_caller_ids(store, desk, anchor, rng)
        desks.append(desk)
    return desks


def _dates(anchor: int, rng: Random) -> tuple[str, str]:
    created = anchor - int((60 + rng.random() * 1000) * DAY)
    updated = created if rng.random() < 0.6 else created + int(rng.random() * (anchor - created))
    return rfc2822(created), rfc2822(updated)


def _add_addresses(store: Store, desk: Desk, company: str, anchor: int, rng: Random) -> None:
    for country, rows in names.ADDRESSES.items():
        for index, (street, city, region, postal_code) in enumerate(rows):
            created, updated = _dates(anchor, rng)
            sid = make_sid("AD", f"{desk.slug}:{country}:{index}")
            in_north_america = country in NORTH_AMERICA
            store.add(
                Address(
                    sid=sid,
                    account_sid=desk.sid,
                    customer_name=company,
                    friendly_name=f"{city} office" if rng.random() < 0.8 else None,
                    street=street,
                    street_secondary=f"Floor {1 + int(rng.random() * 9)}" if rng.random() < 0.3 else None,
                    city=city,
                    region=region,
                    postal_code=postal_code,
                    iso_country=country,
                    emergency_enabled=country in EMERGENCY_COUNTRIES,
                    validated=in_north_america or rng.random() < 0.5,
                    date_created=created,
                    date_updated=updated,
                )
            )
            desk.addresses.setdefault(country, []).append(sid)
            if in_north_america:
                desk.emergency.setdefault(country, []).append(sid)


def _add_applications(store: Store, desk: Desk, anchor: int, rng: Random) -> None:
    base = f"https://apps.{desk.slug}.example.com"
    for index, name in enumerate(names.APPLICATIONS):
        created, updated = _dates(anchor, rng)
        sid = make_sid("AP", f"{desk.slug}:{index}")
        path = f"{base}/{name.lower().replace(' ', '-')}"
        store.add(
            Application(
                sid=sid,
                account_sid=desk.sid,
                friendly_name=name,
                voice_url=f"{path}/voice",
                voice_fallback_url=f"{path}/voice-fallback" if rng.random() < 0.6 else None,
                sms_url=f"{path}/sms" if rng.random() < 0.7 else None,
                status_callback=f"{path}/status" if rng.random() < 0.5 else None,
                date_created=created,
                date_updated=updated,
            )
        )
        desk.applications.append(sid)


def _add_caller_ids(store: Store, desk: Desk, anchor: int, rng: Random) -> None:
    for index, number in enumerate(("+16175550168", "+13125550191", "+442079460958")):
        created, updated = _dates(anchor, rng)
        store.add(
            CallerId(
                sid=make_sid("PN", f"caller-id:{desk.slug}:{index}"),
                account_sid=desk.sid,
                friendly_name=("Reception", "Board line", "London desk")[index],
                phone_number=number,
                date_created=created,
                date_updated=updated,
            )
        )
