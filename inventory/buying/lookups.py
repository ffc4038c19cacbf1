"""Live reads for whoever looks for a number to buy. Kept for a moment, never stored as truth."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any, TypeVar

from django.core.cache import cache
from django.utils import timezone

from inventory.buying import gateway
from inventory.buying.search import Country, Found, Offer, Search
from portal.models import TwilioAccount
from portal.numbering import country_name, normal_type
from portal.twilio.errors import Absent, NoCredentials, Rejected, TwilioFailure
from portal.twilio.login import Login

T = TypeVar("T")

# What an account may buy changes rarely; what is for sale changes while one looks at it.
_COUNTRIES_KEPT = 10 * 60
_FOUND_KEPT = 60
_ACCESS_KEPT = 24 * 3600
_CATALOG_SIZE = 50

NO_ACCESS = "This account has no access to the Global Catalog, a private preview at Twilio."
NO_FILTER = "The Global Catalog cannot be asked for all of these filters."
NO_ANSWER = "The Global Catalog did not answer."
NO_LOGIN = "The Global Catalog wants credentials of this account itself, and Numberdesk has none."


def list_countries(account: TwilioAccount) -> list[Country]:
    """Where this account may buy numbers, and which types, by name. Raises the Twilio failures."""
    return _kept(f"buying:countries:{account.pk}", _COUNTRIES_KEPT, lambda: _read_countries(account))


def _read_countries(account: TwilioAccount) -> list[Country]:
    countries = []
    for record in gateway.fetch_countries(_login(account)):
        iso = str(record.get("country_code") or "")
        lists = {}
        for key, uri in (record.get("subresource_uris") or {}).items():
            # The list's name is taken off its address, which is never followed as it is.
            if found := re.search(r"/([A-Za-z]+)\.json$", str(uri)):
                lists[normal_type(key)] = found[1]
        if re.fullmatch("[A-Z]{2}", iso) and lists:
            name = str(record.get("country") or country_name(iso))
            countries.append(Country(iso, name, bool(record.get("beta")), lists))
    return sorted(countries, key=lambda country: country.name)


def search(account: TwilioAccount, wanted: Search, country: Country) -> Found:
    """Numbers for sale. A use case is looked for in the Global Catalog where the account has it.

    Raises the Twilio failures; an unreadable, absent or failing catalog is none, but falls back.
    """
    facts = json.dumps([account.pk, asdict(wanted)], sort_keys=True)
    key = hashlib.sha256(facts.encode()).hexdigest()
    return _kept(f"buying:found:{key}", _FOUND_KEPT, lambda: _search(account, wanted, country))


def _search(account: TwilioAccount, wanted: Search, country: Country) -> Found:
    why_not = ""
    if wanted.use_case:
        filters = wanted.catalog_filters()
        if filters is None:
            why_not = NO_FILTER
        else:
            records, why_not = _search_catalog(account, filters)
            if records is not None:
                offers = _offers(records, Offer.of_catalog)
                if wanted.without_beta:
                    offers = tuple(offer for offer in offers if not offer.beta)
                return Found(offers, "catalog", timezone.now(), _CATALOG_SIZE)
    list_name = country.lists[wanted.number_type]
    records = gateway.fetch_available(_login(account), country.iso, list_name, wanted.available_filters())
    offers = _offers(records, lambda record: Offer.of_available(record, wanted.number_type))
    offers = tuple(replace(offer, country=offer.country or country.iso) for offer in offers)
    return Found(offers, "available", timezone.now(), gateway.MOST_AVAILABLE, why_not)


def _search_catalog(account: TwilioAccount, filters: Any) -> tuple[list[gateway.Record] | None, str]:
    """What the catalog has, or None and why it was not asked. That an account has no access is remembered."""
    login = account.own_login()
    if login is None:
        return None, NO_LOGIN
    key = f"buying:no-catalog:{account.pk}"
    if cache.get(key):
        return None, NO_ACCESS
    try:
        return gateway.fetch_catalog(login, filters, size=_CATALOG_SIZE), ""
    except Absent:
        cache.set(key, True, _ACCESS_KEPT)
        return None, NO_ACCESS
    except Rejected as refusal:
        return None, f"The Global Catalog refused the search: {refusal.words}."
    except TwilioFailure:
        return None, NO_ANSWER


def _offers(records: Iterable[gateway.Record], read: Callable[[gateway.Record], Offer]) -> tuple[Offer, ...]:
    return tuple(read(record) for record in records if record.get("phone_number"))


def _kept(key: str, seconds: int, read: Callable[[], T]) -> T:
    value: T | None = cache.get(key)
    if value is None:
        value = read()
        cache.set(key, value, seconds)
    return value


def _login(account: TwilioAccount) -> Login:
    login = account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    return login
