"""How countries write addresses: what staff there call the parts, and what a postal code looks like.

Twilio asks for the same six parts everywhere (`POST …/Addresses.json`). Only shapes that are certain
are judged here; a country that is not listed takes any postal code, and Twilio has the last word.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.numbering import country_name

# Where an emergency address can be registered for a number
# (https://www.twilio.com/docs/voice/tutorials/emergency-calling-for-programmable-voice).
EMERGENCY_COUNTRIES = ("US", "CA", "GB")

_US = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|
DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|
KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|
MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|
NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|
SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|
WV West Virginia|WI Wisconsin|WY Wyoming|AS American Samoa|GU Guam|MP Northern Mariana Islands|
PR Puerto Rico|VI U.S. Virgin Islands
"""
_CA = """
AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|
NT Northwest Territories|NS Nova Scotia|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec|
SK Saskatchewan|YT Yukon
"""
_AU = """
ACT Australian Capital Territory|NSW New South Wales|NT Northern Territory|QLD Queensland|
SA South Australia|TAS Tasmania|VIC Victoria|WA Western Australia
"""


def _regions(table: str) -> dict[str, str]:
    entries = (entry.strip() for entry in table.split("|"))
    return {code: name for code, _, name in (entry.partition(" ") for entry in entries)}


@dataclass(frozen=True, slots=True)
class Format:
    """What a country calls the parts of an address; `postcode` is its shape without spaces."""

    region: str = "State, province or county"
    postal_code: str = "Postal code"
    postcode: str = ""
    example: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        return {
            "customer_name": "Name of the company or person",
            "street": "Street and number",
            "street_secondary": "Floor, suite or building",
            "city": "City",
            "region": self.region,
            "postal_code": self.postal_code,
        }

    def in_sentence(self, name: str) -> str:
        """The label as it goes on in a sentence: `street and number`, but `ZIP Code`."""
        label = self.labels[name]
        return label if label[:2].isupper() else label[:1].lower() + label[1:]

    def takes(self, postal_code: str) -> bool:
        """Whether the country could write a postal code like this."""
        code = re.sub(r"[\s-]+", "", postal_code).upper()
        return not self.postcode or re.fullmatch(self.postcode, code) is not None


_ANY = Format()
_FORMATS: Mapping[str, Format] = {
    "US": Format("State", "ZIP Code", r"\d{5}(\d{4})?", "94105 or 94105-1234", _regions(_US)),
    "CA": Format("Province", "Postal code", r"[A-Z]\d[A-Z]\d[A-Z]\d", "K1A 0B1", _regions(_CA)),
    "AU": Format("State or territory", "Postcode", r"\d{4}", "2000", _regions(_AU)),
    "GB": Format("County", "Postcode", r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}", "SW1A 1AA"),
    "IE": Format("County", "Eircode", r"[A-Z][\dW][\dW][A-Z\d]{4}", "D02 X285"),
    "DE": Format("State (Bundesland)", "Postal code", r"\d{5}", "10117"),
    "AT": Format("State (Bundesland)", "Postal code", r"\d{4}", "1010"),
    "CH": Format("Canton", "Postal code", r"\d{4}", "8001"),
    "FR": Format("Region or department", "Postal code", r"\d{5}", "75008"),
    "ES": Format("Province", "Postal code", r"\d{5}", "28013"),
    "IT": Format("Province", "Postal code", r"\d{5}", "00187"),
    "PT": Format("District", "Postal code", r"\d{4}(\d{3})?", "1100-148"),
    "NL": Format("Province", "Postcode", r"\d{4}[A-Z]{2}", "1012 JS"),
    "BE": Format("Province", "Postal code", r"\d{4}", "1000"),
    "DK": Format("Region", "Postal code", r"\d{4}", "1050"),
    "NO": Format("County", "Postal code", r"\d{4}", "0150"),
    "SE": Format("County", "Postal code", r"\d{5}", "111 20"),
    "FI": Format("Region", "Postal code", r"\d{5}", "00100"),
    "PL": Format("Voivodeship", "Postal code", r"\d{5}", "00-001"),
    "CZ": Format("Region", "Postal code", r"\d{5}", "110 00"),
    "JP": Format("Prefecture", "Postal code", r"\d{7}", "100-0001"),
    "BR": Format("State", "Postal code (CEP)", r"\d{8}", "01310-100"),
    "MX": Format("State", "Postal code", r"\d{5}", "06000"),
    "IN": Format("State", "PIN code", r"\d{6}", "110001"),
    "NZ": Format("Region", "Postcode", r"\d{4}", "6011"),
    "SG": Format("Region", "Postal code", r"\d{6}", "018956"),
    "ZA": Format("Province", "Postal code", r"\d{4}", "8001"),
    "IL": Format("District", "Postal code", r"\d{5}(\d{2})?", "9414002"),
}

_WITH_ARTICLE = frozenset({"AE", "BS", "CD", "CF", "DO", "GB", "NL", "PH", "US"})


def in_words(country: str) -> str:
    """A country as it stands in a sentence: `the United States`, `Germany`."""
    name = country_name(country)
    return f"the {name}" if country in _WITH_ARTICLE else name


def format_of(country: str) -> Format:
    return _FORMATS.get(country, _ANY)
