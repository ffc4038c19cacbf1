"""Numbers of a draft by account, country and type, and which bundles and addresses do for each kind."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from compliance.mapping.offers import MOST_OFFERED, address_words, bundle_words, named, still_usable
from compliance.mapping.words import kind_words
from compliance.models import Bundle, Regulation
from inventory.models import Address

Key = tuple[str, str, str]  # account, country, type


@dataclass(slots=True)
class Group:
    """Numbers of a draft that the same bundles can be mapped to, and what the account offers for them."""

    position: int
    account_sid: str
    account: str
    country: str
    number_type: str
    count: int
    needs: Sequence[str]  # what addresses are asked for, of the numbers that get one
    asked_for: bool | None
    bundles: Sequence[tuple[str, str]] = field(default_factory=list)
    addresses: Sequence[tuple[str, str]] = field(default_factory=list)
    has_more: bool = False
    regulations: Sequence[Regulation] = ()

    def __str__(self) -> str:
        return f"{kind_words(self.country, self.number_type)} of {self.account}"

    @property
    def key(self) -> Key:
        return self.account_sid, self.country, self.number_type

    @property
    def kind(self) -> str:
        return kind_words(self.country, self.number_type)

    @property
    def bundle_field(self) -> str:
        return f"bundle_{self.position}"

    @property
    def address_field(self) -> str:
        return f"address_{self.position}"

    @property
    def wants_address(self) -> bool:
        return bool(self.needs)


def offer(groups: Sequence[Group], text: str = "") -> None:
    """Write down with each group what can be chosen for it. Two queries, however many groups.

    `text` narrows what is offered to bundles and addresses of that name.
    """
    _offer_bundles(groups, text)
    _offer_addresses(groups, text)


def _offer_bundles(groups: Sequence[Group], text: str) -> None:
    wanted = [group for group in groups if group.asked_for is not False]
    rows = still_usable(Bundle.objects.all()).filter(
        account_id__in={group.account_sid for group in wanted},
        regulation__iso_country__in={group.country for group in wanted},
    )
    # Of each kind, no more than a person chooses from.
    place = Window(
        RowNumber(),
        partition_by=[F("account_id"), F("regulation__iso_country"), F("regulation__number_type")],
        order_by=[F("friendly_name"), F("sid")],
    )
    found: dict[Key, list[Bundle]] = defaultdict(list)
    of_country: dict[tuple[str, str], list[Bundle]] = defaultdict(list)
    for bundle in named(rows, text).annotate(place=place).filter(place__lte=MOST_OFFERED + 1):
        assert bundle.regulation
        country = bundle.regulation.iso_country
        found[bundle.account_id, country, bundle.regulation.number_type].append(bundle)
        of_country[bundle.account_id, country].append(bundle)
    for group in wanted:
        # No regulation is named for this type: Twilio tells by what it takes which of its types it means.
        fitting = found[group.key] if group.asked_for else of_country[group.account_sid, group.country]
        group.bundles = [(bundle.pk, bundle_words(bundle)) for bundle in fitting[:MOST_OFFERED]]
        group.has_more |= len(fitting) > MOST_OFFERED


def _offer_addresses(groups: Sequence[Group], text: str) -> None:
    wanted = [group for group in groups if group.wants_address]
    rows = Address.objects.present().filter(account_id__in={group.account_sid for group in wanted})
    place = Window(
        RowNumber(),
        partition_by=[F("account_id"), F("iso_country")],
        order_by=[F("customer_name"), F("sid")],
    )
    found: dict[str, list[Address]] = defaultdict(list)
    numbered = rows.matching(text).defer("payload").annotate(place=place)
    for address in numbered.filter(place__lte=MOST_OFFERED + 1).order_by("customer_name", "sid"):
        found[address.account_id].append(address)
    for group in wanted:
        fitting = [
            address
            for address in found[group.account_sid]
            if not ("local" in group.needs and address.iso_country != group.country)
            and not ("foreign" in group.needs and address.iso_country == group.country)
        ]
        group.addresses = [(address.pk, address_words(address)) for address in fitting[:MOST_OFFERED]]
        group.has_more |= len(fitting) > MOST_OFFERED
