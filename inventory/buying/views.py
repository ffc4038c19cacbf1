from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_GET

from compliance.mapping.card import url_of
from inventory.buying import lookups, refusals
from inventory.buying.accounts import account_to_buy_for, accounts_to_buy_for
from inventory.buying.forms import SearchForm
from inventory.buying.needs import AddressesHeld, bundle_need, can_be_bought, idle_numbers
from inventory.buying.offers import MOST_PICKED, Result, TypeLink, price_of, token_of
from inventory.buying.patterns import Pattern
from inventory.buying.search import NORTH_AMERICA, PLACES, Country, Found, Offer, Search
from inventory.models import CartItem, NumberPrice, PhoneNumber
from inventory.pricing import PriceList
from inventory.refusals import sentence_of
from portal.access import Permission, allowed
from portal.http import StaffRequest, page
from portal.listing import Chip
from portal.models import TwilioAccount
from portal.numbering import country_name
from portal.twilio.errors import TwilioFailure, Unavailable


@require_GET
@allowed(Permission.BUY_NUMBERS)
def number_search(request: StaffRequest) -> HttpResponse:
    """Where an account may buy numbers, of which types, and what is for sale now."""
    account = _chosen_account(request)
    context: dict[str, Any] = {"account": account, "accounts": accounts_to_buy_for(request)}
    if account is None:
        return page(request, "inventory/number_search.html", context, fragment="buying")
    countries, failure = _countries(account)
    carts = _carts(request)
    wanted = request.GET.get("country", "")
    country = next((country for country in countries if country.iso == wanted), None)
    context |= {
        "countries": countries,
        "country": country,
        "unknown_country": wanted if wanted and country is None else "",
        **_failed(failure),
        "carts": [(owner, len(numbers)) for owner, numbers in carts.items()],
    }
    prices = PriceList([account], {country.iso} if country else None)
    if country is None:
        context["offered"] = [(one, _types(request, account, one, prices)) for one in countries]
    else:
        number_type = _chosen_type(request, country)
        context |= {"types": _types(request, account, country, prices), "number_type": number_type}
        if number_type:
            held = carts.get(account, set())
            context |= _results(request, account, country, number_type, prices, held, failure)
    return page(request, "inventory/number_search.html", context, fragment="buying")


def _results(
    request: StaffRequest,
    account: TwilioAccount,
    country: Country,
    number_type: str,
    prices: PriceList,
    in_cart: set[str],
    failure: TwilioFailure | None,
) -> dict[str, Any]:
    form = SearchForm(request.GET, country=country.iso, number_type=number_type)
    addresses = AddressesHeld(account)
    bundle = bundle_need(account, country.iso, number_type)
    context: dict[str, Any] = {
        "form": form,
        "bundle": bundle,
        "bundle_url": url_of(
            "compliance:bundle-create", account=account.pk, country=country.iso, type=number_type
        ),
        "can_create_bundle": request.access.can(Permission.MANAGE_BUNDLES, account.pk),
        "is_north_american": country.iso in NORTH_AMERICA,
        "chips": _chips(request, form),
        "place_fields": [form[name] for name in PLACES if name in form.fields],
        "places": sum(bool(request.GET.get(name)) for name in PLACES),
        "clear_url": _url(request, only=("account", "country", "type")),
        **_explained(request.GET.get("pattern", "").strip(), country.iso),
    }
    if not form.is_valid() or failure:
        return context
    wanted = form.search(addresses)
    try:
        found = lookups.search(account, wanted, country)
    except TwilioFailure as refusal:
        return context | _failed(refusal)
    pattern = Pattern.read(wanted.pattern) if wanted.pattern else None
    offers = found.offers
    if form.cleaned_data["today"]:
        offers = tuple(offer for offer in offers if can_be_bought(offer, addresses, bundle))
    return context | {
        "found": found,
        "pattern": pattern,
        "results": _as_results(account, offers, pattern, prices, addresses, in_cart),
        "left_out": len(found.offers) - len(offers),
        "idle": idle_numbers(account, country.iso, number_type, wanted.can),
        "use": wanted.wanted_use,
        "unasked": _unasked(found, wanted),
        "endings": [] if pattern else [(digit, _url(request, pattern=f"{digit}$")) for digit in range(10)],
        "found_with": request.GET.urlencode(),
        "picks": min(MOST_PICKED, len(offers)),
    }


def _failed(failure: TwilioFailure | None) -> dict[str, Any]:
    """What the page says when Twilio could not be asked, or refused."""
    is_unavailable = isinstance(failure, Unavailable)
    words = failure.words if failure and is_unavailable else sentence_of(failure) if failure else ""
    return {"failure": failure, "words": words, "is_unavailable": is_unavailable}


def _as_results(
    account: TwilioAccount,
    offers: Sequence[Offer],
    pattern: Pattern | None,
    prices: PriceList,
    addresses: AddressesHeld,
    in_cart: set[str],
) -> list[Result]:
    numbers = [offer.phone_number for offer in offers]
    owned = set(
        PhoneNumber.objects.present().filter(phone_number__in=numbers).values_list("phone_number", flat=True)
    )
    return [
        Result(
            offer,
            token=token_of(offer),
            price=price_of(prices, account.pk, offer.country, offer.number_type, offer.catalog_price),
            has_address=addresses.meet(offer.address_requirements, offer.country),
            is_owned=offer.phone_number in owned,
            is_in_cart=offer.phone_number in in_cart,
            parts=pattern.split(offer.phone_number) if pattern else (offer.phone_number, "", ""),
        )
        for offer in offers
    ]


@require_GET
@allowed(Permission.BUY_NUMBERS)
def pattern_help(request: StaffRequest) -> HttpResponse:
    """What a pattern finds, with an example, while it is typed."""
    text, country = request.GET.get("pattern", "").strip(), request.GET.get("country", "")
    context = {"typed": text, "country": country, **_explained(text, country)}
    return page(request, "inventory/pattern_help.html", context, fragment="pattern-help")


def _explained(text: str, country: str) -> dict[str, str]:
    """What a pattern finds, or what is wrong with it."""
    if not text:
        return {}
    try:
        pattern = Pattern.read(text)
    except ValueError as fault:
        return {"pattern_fault": f"{fault}."}
    return {"pattern_words": pattern.words, "pattern_example": pattern.example(country)}


@require_GET
@allowed(Permission.BUY_NUMBERS)
def purchase_refusals(request: StaffRequest) -> HttpResponse:
    """Why Twilio may refuse a purchase, and what helps."""
    return page(request, "inventory/purchase_refusals.html", {"refusals": refusals.known()})


def _chosen_account(request: StaffRequest) -> TwilioAccount | None:
    """The account of the URL, or the first that can buy."""
    if sid := request.GET.get("account"):
        return account_to_buy_for(request, sid)
    return next((a for a in accounts_to_buy_for(request) if a.status == "active"), None)


def _carts(request: StaffRequest) -> dict[TwilioAccount, set[str]]:
    """The numbers in the person's carts, by account."""
    items = CartItem.objects.filter(cart__user=request.user).values_list("cart__account_id", "phone_number")
    held: dict[str, set[str]] = {}
    for sid, phone_number in items:
        held.setdefault(sid, set()).add(phone_number)
    return {account: held[account.pk] for account in accounts_to_buy_for(request) if account.pk in held}


def _countries(account: TwilioAccount) -> tuple[list[Country], TwilioFailure | None]:
    """Where the account may buy; when Twilio cannot be asked, where prices are known, and why."""
    try:
        return lookups.list_countries(account), None
    except TwilioFailure as failure:
        kinds = NumberPrice.objects.present().filter(account__in=[account.pk, account.owner_sid])
        known: dict[str, dict[str, str]] = {}
        for iso, number_type in kinds.values_list("iso_country", "number_type"):
            known.setdefault(iso, {})[number_type] = ""
        countries = [Country(iso, country_name(iso), False, lists) for iso, lists in known.items()]
        return sorted(countries, key=lambda country: country.name), failure


def _chosen_type(request: StaffRequest, country: Country) -> str:
    """The type of the URL, or the only one there is."""
    wanted = request.GET.get("type", "")
    if wanted in country.lists:
        return wanted
    return next(iter(country.lists)) if len(country.lists) == 1 else ""


def _types(
    request: StaffRequest, account: TwilioAccount, country: Country, prices: PriceList
) -> list[TypeLink]:
    """The types of a country with their prices, each with the URL that looks for it."""
    return [
        TypeLink(
            number_type,
            price_of(prices, account.pk, country.iso, number_type),
            _url(request, only=("account",), country=country.iso, type=number_type),
        )
        for number_type in country.lists
    ]


def _chips(request: StaffRequest, form: SearchForm) -> list[Chip]:
    """One chip for each applied value, with the URL of the search without it."""
    chips = []
    for name, field in form.fields.items():
        if name in form.errors:
            continue
        names = {str(value): str(label) for value, label in getattr(field, "choices", ())}
        values = [value for value in request.GET.getlist(name) if value.strip()]
        for value in values:
            rest = [other for other in values if other != value]
            params = request.GET.copy()
            params.setlist(name, rest)
            shown = names.get(value, "yes" if value == "on" else value)
            chips.append(Chip(str(field.label), shown, f"?{params.urlencode()}"))
    return chips


def _url(request: StaffRequest, *, only: Sequence[str] = (), **changes: str) -> str:
    """The search's URL with these parameters changed; of the others all, or `only` some."""
    params = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        if not only or name in only:
            params.setlist(name, [value for value in values if value])
    for name, value in changes.items():
        params[name] = value
    return f"{reverse('inventory:number-search')}?{params.urlencode()}"


def _unasked(found: Found, wanted: Search) -> list[str]:
    """What a use case asks for that the source could not be asked."""
    use = wanted.wanted_use
    if use is None or found.source == "catalog":
        return []
    words = [word for name in wanted.capabilities_of_use for word in use.words(name)]
    return list(dict.fromkeys(words))
