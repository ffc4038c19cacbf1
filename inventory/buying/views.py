from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.buying import actions, lookups
from inventory.buying.forms import CartForm, SearchForm
from inventory.buying.kinds import Kind, kinds_of
from inventory.buying.needs import AddressesHeld, bundle_need, can_be_bought, idle_numbers
from inventory.buying.offers import Result, TypeLink, price_of
from inventory.buying.patterns import Pattern
from inventory.buying.search import NORTH_AMERICA, Country, Found, Offer, Search
from inventory.buying.summary import summary_of
from inventory.models import Cart, NumberPrice, PhoneNumber
from inventory.pricing import PriceList
from inventory.refusals import sentence_of
from portal.access import Permission, allowed
from portal.batches import asking
from portal.batches.asking import NotAllowed
from portal.http import StaffRequest, go, page
from portal.listing import Chip
from portal.models import Batch, TwilioAccount
from portal.numbering import country_name
from portal.shell import visible_accounts
from portal.twilio.errors import TwilioFailure, Unavailable

_OFFER = "inventory.buying.offer"
_OFFER_HOLDS = 24 * 3600
_MOST_PICKED = 20


@require_GET
@allowed(Permission.BUY_NUMBERS)
def number_search(request: StaffRequest) -> HttpResponse:
    """Where an account may buy numbers, of which types, and what is for sale now."""
    account = _chosen_account(request)
    context: dict[str, Any] = {"account": account, "accounts": _accounts(request), "query": request.GET}
    if account is None:
        return page(request, "inventory/number_search.html", context, fragment="buying")
    countries, failure = _countries(account)
    wanted = request.GET.get("country", "")
    country = next((country for country in countries if country.iso == wanted), None)
    context |= {
        "countries": countries,
        "country": country,
        "unknown_country": wanted if wanted and country is None else "",
        "failure": failure,
        "words": sentence_of(failure) if failure else "",
        "is_unavailable": isinstance(failure, Unavailable),
        "carts": _carts(request),
    }
    prices = PriceList([account], {country.iso} if country else None)
    if country is None:
        context["offered"] = [(one, _types(request, account, one, prices)) for one in countries]
    else:
        number_type = _chosen_type(request, country)
        context |= {"types": _types(request, account, country, prices), "number_type": number_type}
        if number_type:
            context |= _results(request, account, country, number_type, prices, failure)
    return page(request, "inventory/number_search.html", context, fragment="buying")


def _results(
    request: StaffRequest,
    account: TwilioAccount,
    country: Country,
    number_type: str,
    prices: PriceList,
    failure: TwilioFailure | None,
) -> dict[str, Any]:
    form = SearchForm(request.GET, country=country.iso, number_type=number_type)
    addresses = AddressesHeld(account)
    bundle = bundle_need(account, country.iso, number_type)
    context: dict[str, Any] = {
        "form": form,
        "bundle": bundle,
        "is_north_american": country.iso in NORTH_AMERICA,
        "chips": _chips(request, form),
        "clear_url": _url(request, only=("account", "country", "type")),
        **_explained(request.GET.get("pattern", "").strip(), country.iso),
    }
    if not form.is_valid() or failure:
        return context
    wanted = form.search(addresses)
    try:
        found = lookups.search(account, wanted, country)
    except TwilioFailure as refusal:
        return context | {
            "failure": refusal,
            "words": sentence_of(refusal),
            "is_unavailable": isinstance(refusal, Unavailable),
        }
    pattern = Pattern.read(wanted.pattern) if wanted.pattern else None
    offers = found.offers
    if form.cleaned_data["today"]:
        offers = tuple(offer for offer in offers if can_be_bought(offer, addresses, bundle))
    return context | {
        "found": found,
        "pattern": pattern,
        "results": _as_results(request, account, found, offers, pattern, prices, addresses),
        "left_out": len(found.offers) - len(offers),
        "idle": idle_numbers(account, country.iso, number_type, wanted.can),
        "use": wanted.wanted_use,
        "unasked": _unasked(found, wanted),
        "endings": [] if pattern else [(digit, _url(request, pattern=f"{digit}$")) for digit in range(10)],
        "found_with": request.GET.urlencode(),
        "picks": min(_MOST_PICKED, len(offers)),
    }


def _as_results(
    request: StaffRequest,
    account: TwilioAccount,
    found: Found,
    offers: Sequence[Offer],
    pattern: Pattern | None,
    prices: PriceList,
    addresses: AddressesHeld,
) -> list[Result]:
    numbers = [offer.phone_number for offer in offers]
    owned = set(
        PhoneNumber.objects.present().filter(phone_number__in=numbers).values_list("phone_number", flat=True)
    )
    items = Cart.objects.filter(user=request.user, account=account, items__phone_number__in=numbers)
    in_cart = set(items.values_list("items__phone_number", flat=True))
    return [
        Result(
            offer,
            token=signing.dumps(offer.as_json(), salt=_OFFER, compress=True),
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
    context = {"text": text, "country": country, **_explained(text, country)}
    return page(request, "inventory/pattern_help.html", context, fragment="pattern-help")


def _explained(text: str, country: str) -> dict[str, str]:
    """What a pattern finds, or what is wrong with it."""
    if not text:
        return {}
    try:
        pattern = Pattern.read(text)
    except ValueError as fault:
        return {"pattern_words": f"{fault}."}
    return {"pattern_words": pattern.words, "pattern_example": pattern.example(country)}


@require_POST
@allowed(Permission.BUY_NUMBERS)
def cart_add(request: StaffRequest, sid: str) -> HttpResponse:
    """Put the ticked numbers into the cart, or the first few found, or one and go on to buy it."""
    account = _account(request, sid)
    found_with = request.POST.get("found_with", "")[:2000]
    back = f"{reverse('inventory:number-search')}?{found_with}"
    tokens = request.POST.getlist("offer")
    if one := request.POST.get("buy"):
        tokens = [one]
    elif request.POST.get("pick"):
        tokens = request.POST.getlist("all")[: _count(request.POST.get("count", ""))]
    try:
        offers = [Offer(**signing.loads(token, salt=_OFFER, max_age=_OFFER_HOLDS)) for token in tokens[:100]]
    except (signing.BadSignature, TypeError):
        messages.error(request, "This page is too old to buy from. The numbers below are for sale now.")
        return go(request, back)
    if not offers:
        messages.error(request, "Tick a number to put into the cart.")
        return go(request, back)
    try:
        added = actions.add_to_cart(user=request.user, account=account, offers=offers, found_with=found_with)
    except actions.CartFull as full:
        messages.error(request, str(full))
        return go(request, "inventory:cart-detail", account.pk)
    if one:
        return _go_on(request, _cart(request, account))
    noun = "number is" if added == 1 else "numbers are"
    messages.success(request, f"{added} {noun} in the cart." if added else "They are in the cart already.")
    return go(request, back)


def _go_on(request: StaffRequest, cart: Cart) -> HttpResponse:
    """To the check page where nothing is left to be asked, or else to the cart."""
    kinds = kinds_of(cart)
    if not all(kind.is_ready for kind in kinds):
        return go(request, "inventory:cart-detail", cart.account_id)
    actions.set_up_cart(
        cart=cart,
        papers={(kind.country, kind.number_type): (kind.address_sid, kind.bundle_sid) for kind in kinds},
        name_pattern=cart.name_pattern,
        preset=cart.preset,
    )
    return go(request, "inventory:purchase-check", actions.freeze_purchase(cart=cart).pk)


@require_http_methods(["GET", "POST"])
@allowed(Permission.BUY_NUMBERS)
def cart_detail(request: StaffRequest, sid: str) -> HttpResponse:
    """What is in the cart, and how it is to be bought. Continue makes a draft to check."""
    account = _account(request, sid)
    cart = _cart(request, account)
    kinds = kinds_of(cart)
    form = CartForm(request.POST or None, cart=cart, kinds=kinds)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            actions.set_up_cart(
                cart=cart,
                papers=form.papers(),
                name_pattern=form.cleaned_data["name_pattern"],
                preset=form.cleaned_data["preset"],
            )
            try:
                batch = actions.freeze_purchase(cart=cart)
            except NotAllowed as reason:
                form.add_error(None, str(reason))
            else:
                return go(request, "inventory:purchase-check", batch.pk)
        status = 422
    prices = PriceList([account], {kind.country for kind in kinds})
    context = {
        "account": account,
        "cart": cart,
        "form": form,
        "kinds": kinds,
        "lines": [
            (kind, [(item, Offer(**item.offer)) for item in kind.items],
             price_of(prices, account.pk, kind.country, kind.number_type), form)
            for kind in kinds
        ],
        "count": sum(len(kind.items) for kind in kinds),
        "search_url": _search_url(account, kinds),
    }  # fmt: skip
    return page(request, "inventory/cart_detail.html", context, fragment="cart", status=status)


@require_POST
@allowed(Permission.BUY_NUMBERS)
def cart_remove(request: StaffRequest, sid: str) -> HttpResponse:
    cart = _cart(request, _account(request, sid))
    actions.remove_from_cart(cart=cart, phone_numbers=request.POST.getlist("number"))
    messages.success(request, "Taken out of the cart.")
    return go(request, "inventory:cart-detail", cart.account_id)


@require_http_methods(["GET", "POST"])
@allowed(Permission.BUY_NUMBERS)
def purchase_check(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """The answers once more, what it costs, and the button that buys."""
    batches = Batch.objects.filter(kind=actions.BUY_NUMBERS, author=request.user)
    batch: Batch = get_object_or_404(
        batches.visible_to(request.access.account_sids(Permission.BUY_NUMBERS)), pk=batch_id
    )
    if batch.state != Batch.State.DRAFT:  # Back, a reload, or a second click
        return go(request, "batch-detail", batch.pk)
    account = _account(request, batch.account_sids[0])
    refusal, status = "", 200
    if request.method == "POST":
        try:
            actions.place_order(
                batch=batch, actor=request.user, reason=request.POST.get("reason", "").strip()[:200]
            )
        except NotAllowed as reason:
            refusal, status = str(reason), 422
        else:
            return go(request, "batch-detail", batch.pk)
    context = {
        "account": account,
        "batch": batch,
        "summary": summary_of(batch, account),
        "needs_approval": asking.needs_approval(batch),
        "refusal": refusal,
        "reason": request.POST.get("reason", ""),
    }
    return page(request, "inventory/purchase_check.html", context, fragment="purchase", status=status)


@require_POST
@allowed(Permission.BUY_NUMBERS)
def purchase_discard(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Back to the cart, which still holds everything."""
    batch = get_object_or_404(Batch, pk=batch_id, author=request.user, kind=actions.BUY_NUMBERS)
    asking.discard(batch, actor=request.user)
    return go(request, "inventory:cart-detail", batch.account_sids[0])


def _accounts(request: StaffRequest) -> list[TwilioAccount]:
    return [
        account
        for account in visible_accounts(request)
        if request.access.can(Permission.BUY_NUMBERS, account.pk)
    ]


def _chosen_account(request: StaffRequest) -> TwilioAccount | None:
    """The account of the URL, or the first that can buy; a foreign one is a 404."""
    accounts = _accounts(request)
    if sid := request.GET.get("account"):
        return _account(request, sid)
    return next((account for account in accounts if account.status == "active"), None)


def _account(request: StaffRequest, sid: str) -> TwilioAccount:
    account = next((account for account in visible_accounts(request) if account.pk == sid), None)
    if account is None:
        raise Http404
    if not request.access.can(Permission.BUY_NUMBERS, sid):
        raise PermissionDenied(Permission.BUY_NUMBERS)
    return account


def _cart(request: StaffRequest, account: TwilioAccount) -> Cart:
    return actions.cart_of(user=request.user, account=account)


def _carts(request: StaffRequest) -> list[Cart]:
    """The person's carts with something in them."""
    carts = Cart.objects.filter(user=request.user, account__in=[a.pk for a in _accounts(request)])
    return list(carts.annotate(count=Count("items")).filter(count__gt=0).select_related("account"))


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


def _search_url(account: TwilioAccount, kinds: Sequence[Kind]) -> str:
    """Where to look for more numbers like those in the cart."""
    params = {"account": account.pk}
    if kinds:
        params |= {"country": kinds[0].country, "type": kinds[0].number_type}
    return f"{reverse('inventory:number-search')}?{urlencode(params)}"


def _unasked(found: Found, wanted: Search) -> list[str]:
    """What a use case asks for that the source could not be asked."""
    use = wanted.wanted_use
    if use is None or found.source == "catalog":
        return []
    words = [word for name in wanted.capabilities_of_use for word in use.words(name)]
    return list(dict.fromkeys(words))


def _count(text: str) -> int:
    return min(int(text), _MOST_PICKED) if text.isascii() and text.isdigit() else 1
