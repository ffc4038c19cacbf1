"""What is searched for and what is found: plain values, without Twilio and without the database."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from inventory.buying.patterns import Pattern
from inventory.buying.use_cases import USE_CASES, UseCase
from portal.numbering import normal_type, spaced

# Where the geographic filters work (pages 20 to 22).
NORTH_AMERICA = ("US", "CA")
ABILITIES = {"voice": "VoiceEnabled", "sms": "SmsEnabled", "mms": "MmsEnabled", "fax": "FaxEnabled"}
EXCLUSIONS = {
    "all": "ExcludeAllAddressRequired",
    "local": "ExcludeLocalAddressRequired",
    "foreign": "ExcludeForeignAddressRequired",
}
# Our names of the filters that work for every country, and for the US and Canada only, and Twilio's.
EVERYWHERE = {"in_locality": "InLocality"}
NORTH_AMERICAN = {
    "area_code": "AreaCode",
    "in_region": "InRegion",
    "in_postal_code": "InPostalCode",
    "in_lata": "InLata",
    "in_rate_center": "InRateCenter",
    "near_number": "NearNumber",
    "near_lat_long": "NearLatLong",
    "distance": "Distance",
}
PLACES = (*EVERYWHERE, *NORTH_AMERICAN)


@dataclass(frozen=True, slots=True)
class Country:
    """A country in which an account may buy numbers, and Twilio's names of the lists of its types."""

    iso: str
    name: str
    is_beta: bool
    lists: Mapping[str, str]  # by our name of the type


@dataclass(frozen=True, slots=True)
class Search:
    """Which numbers somebody would like to buy. Filters that a country does not have are left out."""

    country: str
    number_type: str
    pattern: str = ""
    can: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()  # left out as well, for the account holds no such address
    without_beta: bool = False
    places: Mapping[str, str] = field(default_factory=dict)
    use_case: str = ""
    used_for: tuple[str, ...] = ()

    @property
    def wanted_use(self) -> UseCase | None:
        return USE_CASES.get(self.use_case)

    @property
    def capabilities_of_use(self) -> tuple[str, ...]:
        """What the use case is to be judged by: calls, messages, or both."""
        use = self.wanted_use
        if use is None:
            return ()
        return tuple(name for name in use.capabilities if name in self.used_for) or use.capabilities[:1]

    def available_filters(self) -> dict[str, str]:
        """The filters of AvailablePhoneNumbers."""
        known = EVERYWHERE | (NORTH_AMERICAN if self.country in NORTH_AMERICA else {})
        filters = {known[name]: value for name, value in self.places.items() if name in known and value}
        if not {"NearNumber", "NearLatLong"} & filters.keys():
            filters.pop("Distance", None)
        if self.pattern:
            filters["Contains"] = str(Pattern.read(self.pattern))
        for name in {*self.can, *self.capabilities_of_use}:
            filters[ABILITIES[name]] = "true"
        for name in _widest({*self.exclude, *self.unmet}):
            filters[EXCLUSIONS[name]] = "true"
        if self.without_beta:
            filters["Beta"] = "false"
        return dict(sorted(filters.items()))

    def catalog_filters(self) -> dict[str, str | list[str]] | None:
        """The filters of the catalog; None when it has no way to ask for some of what is wanted."""
        if self.pattern or any(name not in _IN_CATALOG for name, value in self.places.items() if value):
            return None
        use = self.wanted_use
        if use is None or ("all" not in self.exclude and self.exclude):
            return None
        filters: dict[str, str | list[str]] = {
            "SavedSearch": [use.saved_search(name) for name in self.capabilities_of_use],
            "Geography.IsoCountry": self.country,
            "Type": _CATALOG_TYPES.get(self.number_type, self.number_type),
        }
        filters |= {_IN_CATALOG[name]: value for name, value in self.places.items() if value}
        filters |= {f"Capabilities.{_CATALOG_ABILITIES[name]}": "true" for name in self.can}
        if "all" in self.exclude:
            filters["Regulatory.AddressRequirements"] = "none"
        return filters


def _widest(exclusions: set[str]) -> list[str]:
    return ["all"] if "all" in exclusions else sorted(exclusions)


_IN_CATALOG = {
    "in_region": "Geography.Region",
    "in_locality": "Geography.Locality",
    "in_postal_code": "Geography.PostalCode",
    "in_lata": "Geography.Lata",
    "in_rate_center": "Geography.RateCenter",
}
_CATALOG_ABILITIES = {
    "voice": "Voice.InboundConnectivity",
    "sms": "Sms.InboundConnectivity",
    "mms": "Mms.InboundConnectivity",
    "fax": "Voice.Fax",
}
_CATALOG_TYPES = {"toll-free": "tollfree"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One number for sale."""

    phone_number: str
    country: str
    number_type: str
    locality: str = ""
    region: str = ""
    voice: bool = False
    sms: bool = False
    mms: bool = False
    fax: bool = False
    address_requirements: str = "none"
    beta: bool = False
    catalog_price: str = ""  # what the catalog says it costs a month, before discounts

    def __str__(self) -> str:
        return spaced(self.phone_number)

    @property
    def place(self) -> str:
        return ", ".join(part for part in (self.locality, self.region) if part)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_available(cls, record: Mapping[str, Any], number_type: str) -> Self:
        can = {key.lower(): value is True for key, value in (record.get("capabilities") or {}).items()}
        return cls(
            phone_number=str(record["phone_number"]),
            country=str(record.get("iso_country") or ""),
            number_type=number_type,
            locality=str(record.get("locality") or ""),
            region=str(record.get("region") or ""),
            address_requirements=str(record.get("address_requirements") or "none"),
            beta=bool(record.get("beta")),
            voice=can.get("voice", False),
            sms=can.get("sms", False),
            mms=can.get("mms", False),
            fax=can.get("fax", False),
        )

    @classmethod
    def of_catalog(cls, record: Mapping[str, Any]) -> Self:
        capabilities = record.get("capabilities") or {}
        voice, sms, mms = (capabilities.get(name) or {} for name in ("voice", "sms", "mms"))
        place = record.get("geography") or {}
        both = ("inbound_connectivity", "outbound_connectivity")
        return cls(
            phone_number=str(record["phone_number"]),
            country=str(place.get("iso_country") or ""),
            number_type=normal_type(str(record.get("type") or "")),
            locality=str(place.get("locality") or ""),
            region=str(place.get("region") or ""),
            voice=any(voice.get(name) for name in both),
            sms=any(sms.get(name) for name in both),
            mms=any(mms.get(name) for name in both),
            fax=bool(voice.get("fax")),
            address_requirements=str((record.get("regulatory") or {}).get("address_requirements") or "none"),
            beta=record.get("lifecycle") in ("beta", "developer-preview"),
            catalog_price=str(record.get("base_recurring_price") or ""),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, and where it was looked."""

    offers: tuple[Offer, ...]
    source: str  # "catalog" or "available"
    asked_at: datetime
    most: int
    why_not_catalog: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether Twilio may have more of them than it told."""
        return len(self.offers) >= self.most
