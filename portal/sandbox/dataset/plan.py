"""The lines Twilio sells, country by country, and the number ranges the sandbox takes them from.

Numbers come from ranges that regulators publish for drama and examples: 555-01xx in North America,
Ofcom's, BNetzA's, ARCEP's, ACMA's, ComReg's and PTS's ranges. Where a country has none, and beyond
the first hundred of a North American exchange, they come from blocks nobody dials: the rest of
exchange 555, and subscriber numbers that begin with zeros.
"""

# ruff: noqa: E501, S311 (a table; seeded, so that every build is the same)

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random

from portal.sandbox.dataset.places import CANADA, US, Place
from portal.sandbox.resources import Capabilities

COUNTRIES = {
    "US": "United States",
    "CA": "Canada",
    "GB": "United Kingdom",
    "DE": "Germany",
    "FR": "France",
    "AU": "Australia",
    "SE": "Sweden",
    "IE": "Ireland",
    "NL": "Netherlands",
    "ES": "Spain",
    "IT": "Italy",
    "PL": "Poland",
    "BE": "Belgium",
    "AT": "Austria",
    "CH": "Switzerland",
    "DK": "Denmark",
    "NO": "Norway",
    "FI": "Finland",
    "BR": "Brazil",
    "JP": "Japan",
}
NORTH_AMERICA = ("US", "CA")
# Where an emergency address can be registered for a number.
EMERGENCY_COUNTRIES = (*NORTH_AMERICA, "GB")
DIRECTORY_ASSISTANCE = 1212


@dataclass(frozen=True)
class Block:
    """Numbers that share all but their last `digits` digits: `size` of them, counted from `first`."""

    prefix: str
    digits: int
    place: Place | None = None
    first: int = 0
    size: int = 0
    listed: tuple[str, ...] = ()

    @cached_property
    def count(self) -> int:
        return len(self.listed) or self.size or 10**self.digits

    def number(self, serial: int) -> str:
        return f"+{self.prefix}{self.listed[serial] if self.listed else f'{serial:0{self.digits}d}'}"

    @cached_property
    def divisor(self) -> int:
        """One number in so many is for sale; the others may be owned from the start."""
        return 3 if self.count <= 1000 else 10

    @cached_property
    def salt(self) -> int:
        return sum(map(int, self.prefix))

    @cached_property
    def capacity(self) -> int:
        """How many numbers may be owned; of a large block at least so many."""
        if self.count > 1000:
            return self.count - self.count // 10 - 1
        return sum(1 for _ in self.owned())

    def is_stocked(self, serial: int) -> bool:
        """Whether a number is for sale at first: its digits decide, so none is also owned."""
        mixed = serial + serial // 10 + serial // 100 + serial // 1000 + self.salt
        return mixed % self.divisor == 0

    def owned(self) -> Iterator[int]:
        """The serials that may be owned, from `first` on and round to the start of a whole exchange."""
        wraps = not (self.listed or self.size)
        for step in range(self.first, self.first + self.count):
            serial = step % self.count if wraps else step
            if not self.is_stocked(serial) and serial != DIRECTORY_ASSISTANCE:
                yield serial

    def stocked(self, most: int) -> list[int]:
        """The serials for sale: those of the first hundred, and about `most` of the others."""
        if self.count <= 1000:
            return [
                serial for serial in range(self.first, self.first + self.count) if self.is_stocked(serial)
            ]
        tens = range(self.count // 10)
        start = self.first // 10
        others = Random(self.prefix).sample([*tens[:start], *tens[start + 10 :]], most)
        serials = []
        for ten in [*tens[start : start + 10], *others]:
            last = -(ten + ten // 10 + ten // 100 + self.salt) % 10
            serials.append(10 * ten + last)
        return [serial for serial in serials if serial != DIRECTORY_ASSISTANCE]


@dataclass(frozen=True)
class Line:
    """One type of number in one country: what it can do, what it asks for and what it costs a month.

    `address` is Twilio's address_requirements; `bundle` tells whether buying one takes a regulatory
    bundle, which a requirement of `none` does not rule out (contract section 5).
    """

    country: str
    type: str
    weight: float
    blocks: tuple[Block, ...]
    able: str
    address: str
    bundle: bool
    base_price: str
    current_price: str

    @cached_property
    def capabilities(self) -> Capabilities:
        return Capabilities("v" in self.able, "s" in self.able, "m" in self.able, "f" in self.able)


def _nanp(places: tuple[Place, ...]) -> tuple[Block, ...]:
    return tuple(Block(f"1{place.area_code}555", 4, place, first=100) for place in places)


def _toll_free(*codes: str) -> tuple[Block, ...]:
    return tuple(Block(f"1{code}555", 4, first=100) for code in codes)


def _blocks(digits: int, **prefixes: str) -> tuple[Block, ...]:
    return tuple(Block(prefix, digits, Place(name.replace("_", " "))) for name, prefix in prefixes.items())


def _plain(digits: int, *prefixes: str) -> tuple[Block, ...]:
    return tuple(Block(prefix, digits) for prefix in prefixes)


GB_LOCAL = _blocks(
    3, London="442079460", Leeds="441134960", Sheffield="441144960", Nottingham="441154960",
    Leicester="441164960", Bristol="441174960", Reading="441184960", Birmingham="441214960",
    Edinburgh="441314960", Glasgow="441414960", Liverpool="441514960", Manchester="441614960",
    Newcastle="441914980", Belfast="442896496", Cardiff="442920180",
)  # fmt: skip
DE_LOCAL = _blocks(
    3, Berlin="493023125", Frankfurt="496990009", Hamburg="494066969", Köln="492214710", München="498999998"
)
FR_LOCAL = _blocks(4, Paris="3319900", Rennes="3326191", Lille="3335301", Lyon="3346571", Bordeaux="3353649")
AU_LOCAL = _blocks(4, Sydney="6125550", Melbourne="6135550", Brisbane="6175550", Perth="6185550")
AU_MOBILE = Block(
    "61491", 6,
    listed=(
        "570006", "570110", "570156", "570157", "570158", "570159", "570266", "570313", "570491", "570737",
        "571266", "571491", "571804", "572549", "572665", "572983", "573087", "573770", "574118", "574632",
        "575254", "575789", "576398", "576801", "577426", "577644", "578888", "578957", "579212", "579455",
        "579760",
    ),
)  # fmt: skip
AU_TOLL_FREE = Block("611800", 6, listed=("160401", "975707", "975708", "975709", "975710", "975711"))
SE_LOCAL = _blocks(2, Stockholm="468465004", Göteborg="463139006", Malmö="464062804", Kiruna="469803192")
SE_MOBILE = Block("46701740", 3, first=605, size=95)

LINES = (
    Line("US", "local", 30, _nanp(US), "vsm", "none", False, "1.15", "1.00"),
    Line("US", "tollfree", 6, _toll_free("800", "888", "877", "866"), "vsmf", "none", False, "2.15", "2.00"),
    Line("CA", "local", 9, _nanp(CANADA), "vsm", "none", False, "1.15", "1.15"),
    Line("CA", "tollfree", 1, _toll_free("855", "844", "833"), "vsm", "none", False, "2.15", "2.15"),
    Line("GB", "local", 9, GB_LOCAL, "vf", "any", True, "1.15", "0.98"),
    Line("GB", "mobile", 5, _plain(3, "447700900"), "vs", "none", True, "1.15", "1.15"),
    Line("GB", "tollfree", 2, _plain(3, "448081570"), "v", "any", True, "2.15", "2.15"),
    Line("GB", "national", 1, _plain(3, "443069990"), "v", "any", True, "1.15", "1.15"),
    Line("DE", "local", 5, DE_LOCAL, "v", "local", True, "1.15", "1.15"),
    Line("DE", "mobile", 0.8, _plain(2, "4917139200", "4917604069"), "vs", "any", True, "15.00", "13.50"),
    Line("FR", "local", 4, FR_LOCAL, "v", "local", True, "1.15", "1.15"),
    Line("FR", "mobile", 1, _plain(4, "3363998"), "vs", "local", True, "16.00", "16.00"),
    Line("FR", "national", 1, _plain(4, "3390000"), "v", "local", True, "1.15", "1.15"),
    Line("FR", "voip", 0.4, _plain(4, "3390001"), "v", "local", True, "1.15", "1.15"),
    Line("FR", "sharedcost", 0.3, _plain(3, "33810000"), "v", "local", True, "8.00", "8.00"),
    Line("AU", "local", 3.4, AU_LOCAL, "v", "any", True, "3.00", "2.75"),
    Line("AU", "mobile", 0.5, (AU_MOBILE,), "vs", "local", True, "6.50", "6.50"),
    Line("AU", "tollfree", 0.1, (AU_TOLL_FREE,), "v", "any", True, "16.00", "16.00"),
    Line("SE", "local", 1.6, SE_LOCAL, "v", "any", True, "1.15", "1.15"),
    Line("SE", "mobile", 1, (SE_MOBILE,), "vs", "none", False, "3.00", "2.70"),
    Line("SE", "machinetomachine", 0.4, _plain(4, "46719000000"), "s", "none", False, "3.00", "3.00"),
    Line("IE", "local", 1.2, _blocks(4, Dublin="3531000"), "v", "local", True, "1.15", "1.15"),
    Line("IE", "national", 0.8, _plain(5, "3532091"), "v", "any", True, "1.15", "1.15"),
    Line("NL", "local", 2.2, _blocks(4, Amsterdam="3120000", Rotterdam="3110000"), "v", "local", True, "1.15", "1.15"),
    Line("NL", "mobile", 0.7, _plain(4, "3160000"), "vs", "any", True, "6.00", "5.40"),
    Line("NL", "tollfree", 0.3, _plain(3, "31800000"), "v", "any", True, "5.00", "5.00"),
    Line("ES", "local", 1.9, _blocks(4, Madrid="3491000", Barcelona="3493000"), "v", "local", True, "1.15", "1.15"),
    Line("ES", "mobile", 0.5, _plain(3, "34600000"), "vs", "local", True, "7.00", "7.00"),
    Line("ES", "tollfree", 0.2, _plain(3, "34900000"), "v", "local", True, "22.00", "22.00"),
    Line("IT", "local", 1.5, _blocks(4, Roma="3906000", Milano="3902000"), "v", "local", True, "1.15", "1.15"),
    Line("IT", "mobile", 0.4, _plain(4, "39300000"), "vs", "local", True, "30.00", "27.00"),
    Line("IT", "tollfree", 0.2, _plain(3, "39800000"), "v", "any", True, "25.00", "25.00"),
    Line("PL", "local", 1.2, _blocks(4, Warszawa="4822000", Kraków="4812000"), "v", "any", True, "1.15", "1.15"),
    Line("PL", "mobile", 0.5, _plain(3, "48500000"), "vs", "none", True, "4.25", "4.25"),
    Line("BE", "local", 1, _blocks(4, Bruxelles="322000", Antwerpen="323000"), "v", "local", True, "1.15", "1.15"),
    Line("BE", "mobile", 0.4, _plain(3, "32460000"), "vs", "any", True, "2.50", "2.50"),
    Line("AT", "local", 0.9, _blocks(4, Wien="431000", Graz="43316000"), "v", "local", True, "1.15", "1.15"),
    Line("AT", "tollfree", 0.1, _plain(3, "43800000"), "v", "any", True, "30.00", "30.00"),
    Line("CH", "local", 1, _blocks(4, Zürich="4144000", Genève="4122000"), "v", "any", True, "1.15", "1.15"),
    Line("CH", "mobile", 0.3, _plain(4, "4179000"), "vs", "any", True, "8.00", "7.20"),
    Line("DK", "local", 0.8, _plain(3, "4530000"), "v", "none", True, "1.15", "1.15"),
    Line("DK", "mobile", 0.4, _plain(3, "4520000"), "vs", "any", True, "15.00", "15.00"),
    Line("DK", "tollfree", 0.1, _plain(3, "4580000"), "v", "none", True, "25.00", "25.00"),
    Line("NO", "local", 0.7, _blocks(3, Oslo="4723000"), "v", "any", True, "3.00", "3.00"),
    Line("NO", "mobile", 0.3, _plain(3, "4790000"), "s", "none", False, "3.00", "3.00"),
    Line("FI", "local", 0.6, _blocks(4, Helsinki="3589000"), "v", "any", True, "1.15", "1.15"),
    Line("FI", "mobile", 0.4, _plain(4, "35840000"), "vs", "none", True, "5.00", "5.00"),
    Line("FI", "tollfree", 0.1, _plain(3, "358800000"), "v", "foreign", False, "35.00", "35.00"),
    Line("BR", "local", 1.2, _blocks(4, São_Paulo="55113000", Rio_de_Janeiro="55213000"), "v", "local", True, "4.25", "4.25"),
    Line("BR", "mobile", 0.3, _plain(4, "551190000"), "vs", "local", True, "15.00", "15.00"),
    Line("JP", "local", 0.9, _blocks(4, Tokyo="8130000", Osaka="8160000"), "v", "local", True, "4.50", "4.05"),
    Line("JP", "national", 0.4, _plain(4, "81500000"), "v", "local", True, "4.50", "4.50"),
    Line("JP", "tollfree", 0.3, _plain(3, "81120000"), "v", "local", True, "25.00", "25.00"),
)  # fmt: skip

BY_KEY = {(line.country, line.type): line for line in LINES}


def lines_of(country: str) -> list[Line]:
    return [line for line in LINES if line.country == country]


def line_of(phone_number: str) -> Line | None:
    """The line a number belongs to, if it is one of ours."""
    digits = phone_number.removeprefix("+")
    for line in LINES:
        for block in line.blocks:
            serial = digits.removeprefix(block.prefix)
            if serial != digits and len(serial) == block.digits:
                return line
    return None
