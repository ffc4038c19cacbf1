"""Which bundles can be mapped to numbers of an account, country and type, and whether they need one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from compliance.models import Bundle, Regulation
from compliance.models.regulation import GROUP
from compliance.querysets import BundleQuerySet
from compliance.standing import is_regulated
from inventory.addresses.fit import NEEDS
from inventory.models import Address
from inventory.querysets import AddressQuerySet

# So many are offered at once; others are found by a word.
MOST_OFFERED = 100


class Rules:
    """Which regulations there are for a country and type. Read once, when first asked."""

    @cached_property
    def _groups(self) -> Mapping[tuple[str, str], Sequence[Regulation]]:
        groups = defaultdict(list)
        rows = Regulation.objects.in_force().only(*GROUP).order_by("end_user_type", "sid")
        for regulation in rows:
            groups[regulation.iso_country, regulation.number_type].append(regulation)
        return groups

    def ask_for_bundle(self, country: str, number_type: str) -> bool | None:
        """Whether such numbers need a bundle; None where that cannot be told."""
        return is_regulated(country, number_type, self._groups.keys())

    def of(self, country: str, number_type: str) -> Sequence[Regulation]:
        """The regulations for such numbers, one for each type of end user."""
        return self._groups.get((country, number_type), ())


def usable_bundles(
    account_sid: str, country: str, number_type: str, *, asked_for: bool | None
) -> BundleQuerySet:
    """Bundles of the account that Twilio takes with such numbers: approved, matching, not past their day.

    For a type that no regulation is named for (`asked_for` is None), those of the country: Twilio says
    which of its types it means only by what it takes.
    """
    rows = still_usable(Bundle.objects.filter(account_id=account_sid, regulation__iso_country=country))
    return rows if asked_for is None else rows.filter(regulation__number_type=number_type)


def still_usable(bundles: BundleQuerySet) -> BundleQuerySet:
    """Those of them that are approved and whose last valid day has not passed, by name."""
    usable: BundleQuerySet = (
        bundles.approved()
        .filter(Q(valid_until=None) | Q(valid_until__gt=timezone.now()))
        .select_related("regulation")
        .defer("payload", "email", "regulation__payload")
        .order_by("friendly_name", "sid")
    )
    return usable


def named(bundles: BundleQuerySet, text: str) -> BundleQuerySet:
    """Those that a person means by a part of the name, or by the sid."""
    return bundles.filter(Q(friendly_name__icontains=text) | Q(pk=text)) if text else bundles


def usable_addresses(account_sid: str, country: str, requirements: Iterable[str]) -> AddressQuerySet:
    """Addresses of the account that do for numbers of all these requirements."""
    rows = Address.objects.present().filter(account_id=account_sid)
    needs = [need for need in requirements if need in NEEDS]
    if not needs:
        rows = rows.none()
    if "local" in needs:
        rows = rows.filter(iso_country=country)
    if "foreign" in needs:
        rows = rows.exclude(iso_country=country)
    usable: AddressQuerySet = rows.defer("payload").order_by("customer_name", "sid")
    return usable


def bundle_words(bundle: Bundle) -> str:
    """`Example Holdings, business, until 3 Mar 2027`."""
    words = [str(bundle)]
    who = bundle.regulation.end_user_type.replace("_", " ") if bundle.regulation else ""
    if who and who not in str(bundle).lower():
        words.append(who)
    if bundle.valid_until:
        words.append(f"until {bundle.valid_until:%-d %b %Y}")
    return ", ".join(words)


def address_words(address: Address) -> str:
    return f"{address}: {', '.join(address.lines)}"


def regulation_of(bundle: Bundle | None) -> Regulation | None:
    """A bundle's regulation, None while it is not mirrored."""
    if bundle is None or not bundle.regulation_id:
        return None
    try:
        return bundle.regulation
    except Regulation.DoesNotExist:
        return None
