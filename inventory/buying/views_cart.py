from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from inventory.buying import actions
from inventory.buying.accounts import account_to_buy_for
from inventory.buying.forms import CartForm
from inventory.buying.kinds import Kind, kinds_of
from inventory.buying.offers import MOST_PICKED, offer_of, price_of
from inventory.buying.search import Offer
from inventory.buying.summary import summary_of
from inventory.models import Cart
from inventory.money.budgets import budget_warning
from inventory.pricing import PriceList
from portal.access import Permission, allowed
from portal.batches import asking
from portal.batches.asking import NotAllowed
from portal.http import StaffRequest, go, page
from portal.models import Batch, TwilioAccount


@require_POST
@allowed(Permission.BUY_NUMBERS)
def cart_add(request: StaffRequest, sid: str) -> HttpResponse:
    """Put the ticked numbers into the cart, or the first few found, or one and go on to buy it."""
    account = account_to_buy_for(request, sid)
    found_with = request.POST.get("found_with", "")[:2000]
    back = f"{reverse('inventory:number-search')}?{found_with}"
    tokens = request.POST.getlist("offer")
    if one := request.POST.get("buy"):
        tokens = [one]
    elif request.POST.get("pick"):
        tokens = request.POST.getlist("all")[: _count(request.POST.get("count", ""))]
    try:
        offers = [offer_of(token) for token in tokens[:100]]
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
    account = account_to_buy_for(request, sid)
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
        "can_create_bundle": request.access.can(Permission.MANAGE_BUNDLES, account.pk),
    }  # fmt: skip
    return page(request, "inventory/cart_detail.html", context, fragment="cart", status=status)


@require_POST
@allowed(Permission.BUY_NUMBERS)
def cart_remove(request: StaffRequest, sid: str) -> HttpResponse:
    cart = _cart(request, account_to_buy_for(request, sid))
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
    account = account_to_buy_for(request, batch.account_sids[0])
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
    summary = summary_of(batch, account)
    added = {summary.monthly.currency: summary.monthly.amount} if summary.monthly else {}
    context = {
        "account": account,
        "batch": batch,
        "summary": summary,
        "budget": budget_warning(account, added),
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


def _cart(request: StaffRequest, account: TwilioAccount) -> Cart:
    return actions.cart_of(user=request.user, account=account)


def _search_url(account: TwilioAccount, kinds: Sequence[Kind]) -> str:
    """Where to look for more numbers like those in the cart."""
    params = {"account": account.pk}
    if kinds:
        params |= {"country": kinds[0].country, "type": kinds[0].number_type}
    return f"{reverse('inventory:number-search')}?{urlencode(params)}"


def _count(text: str) -> int:
    return min(int(text), MOST_PICKED) if text.isascii() and text.isdigit() else 1
