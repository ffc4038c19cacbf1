"""Filling a cart, and buying what is in it: once each, whatever happens on the way."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inventory import sync
from inventory.actions import annotate_number
from inventory.bulk.actions import describe
from inventory.bulk.change import Change as Preset
from inventory.bulk.change import effect_on, name_for
from inventory.bulk.change import words as change_words
from inventory.buying import gateway
from inventory.buying.refusals import Remedy, explain
from inventory.buying.search import Offer
from inventory.models import Cart, CartItem, ConfigurationPreset, PhoneNumber
from inventory.pricing import PriceList
from portal import operations
from portal.batches import asking
from portal.batches.asking import Frozen
from portal.batches.runner import Outcome, Refused
from portal.models import Batch, BatchItem, Change, Operation, TwilioAccount, User
from portal.numbering import country_name, type_name
from portal.twilio.errors import NoCredentials, Rejected, TwilioFailure
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_TASK
from portal.twilio.snapshots import Snapshot

BUY_NUMBER = "inventory.buy_number"
BUY_NUMBERS = "inventory.buy_numbers"
DRAFT_VIEW = "inventory:purchase-check"
# A cart is for people; thousands of numbers are a matter for Twilio's sales.
MOST_IN_CART = 200
# A purchase whose answer was lost counts as not made once Twilio has not shown it for this long.
NOT_BOUGHT_AFTER = timedelta(minutes=1)
_LONGEST_NAME = 64


class AlreadyOurs(Exception):
    """The number is on one of our accounts already."""

    def __init__(self, number: PhoneNumber) -> None:
        super().__init__(f"This number is on {number.account} already. Nothing was bought.")
        self.number = number


class CartFull(Exception):
    """The cart takes no more numbers."""


def add_to_cart(*, user: User, account: TwilioAccount, offers: Sequence[Offer], found_with: str) -> int:
    """Put offers into the person's cart for this account; returns how many were new. Raises CartFull.

    What was chosen for numbers of the same kind holds for the new ones too.
    """
    with transaction.atomic():
        cart, _ = Cart.objects.get_or_create(user=user, account=account)
        Cart.objects.select_for_update().get(pk=cart.pk)
        held = {item.phone_number: item for item in cart.items.all()}
        papers = {
            (item.country, item.number_type): (item.address_sid, item.bundle_sid) for item in held.values()
        }
        new = {offer.phone_number: offer for offer in offers if offer.phone_number not in held}
        if len(held) + len(new) > MOST_IN_CART:
            raise CartFull(f"A cart holds {MOST_IN_CART} numbers. Buy these first.")
        for offer in new.values():
            address, bundle = papers.get((offer.country, offer.number_type), ("", ""))
            CartItem.objects.create(
                cart=cart,
                phone_number=offer.phone_number,
                country=offer.country,
                number_type=offer.number_type,
                offer=offer.as_json(),
                found_with=found_with,
                address_sid=address,
                bundle_sid=bundle,
            )
    return len(new)


def cart_of(*, user: User, account: TwilioAccount) -> Cart:
    """The person's cart for this account; it is there for as long as the person is."""
    cart, _ = Cart.objects.select_related("preset").get_or_create(user=user, account=account)
    cart.account = account
    return cart


def set_up_cart(
    *,
    cart: Cart,
    papers: Mapping[tuple[str, str], tuple[str, str]],
    name_pattern: str,
    preset: ConfigurationPreset | None,
) -> None:
    """Keep how the cart's numbers are to be bought: address and bundle by country and type, name, preset."""
    cart.name_pattern, cart.preset = name_pattern, preset
    with transaction.atomic():
        cart.save(update_fields=["name_pattern", "preset"])
        for (country, number_type), (address, bundle) in papers.items():
            cart.items.filter(country=country, number_type=number_type).update(
                address_sid=address, bundle_sid=bundle
            )


def remove_from_cart(*, cart: Cart, phone_numbers: Iterable[str]) -> None:
    cart.items.filter(phone_number__in=list(phone_numbers)).delete()


def freeze_purchase(*, cart: Cart) -> Batch:
    """Make a draft of buying what is in the cart, as it is set up now. Raises NotAllowed for an empty one."""
    items = list(cart.items.all())
    if not items:
        raise asking.NotAllowed("The cart is empty.")
    with transaction.atomic():
        batch = asking.draft(
            BUY_NUMBERS,
            author=cart.user,
            draft_view=DRAFT_VIEW,
            items=[
                Frozen(cart.account_id, item.phone_number, item.phone_number, detail=_detail(cart, item))
                for item in items
            ],
            detail=_shared(cart),
        )
        prices = PriceList([cart.account], {item.country for item in items})
        costs = [prices.of(cart.account_id, item.country, item.number_type) for item in items]
        known = [cost for cost in costs if cost]
        if len(known) == len(items) and len({cost.currency for cost in known}) == 1:
            batch.monthly_cost = sum((cost.amount for cost in known), Decimal(0))
            batch.currency = known[0].currency
            batch.save(update_fields=["monthly_cost", "currency"])
    return batch


def place_order(*, batch: Batch, actor: User, reason: str = "") -> None:
    """Buy what a draft holds, or ask for approval. Doing so twice is harmless. Raises NotAllowed."""
    asking.confirm(batch, actor=actor, reason=reason)
    bought = batch.items.values("target")
    CartItem.objects.filter(
        cart__user=actor, cart__account__in=batch.account_sids, phone_number__in=bought
    ).delete()


def carry_out_purchase(item: BatchItem) -> Outcome:
    """Buy the number of one item. Raises what `buy_number` does, refusals in words that say what to do."""
    try:
        operation = buy_number(
            account=item.account,
            phone_number=item.target,
            settings=item.detail["settings"],
            records=item.detail["records"],
            actor=item.batch.author,
            form_key=item.key,
            reason=item.batch.reason,
        )
    except AlreadyOurs as owned:
        raise Refused(str(owned)) from owned
    except Rejected as refusal:
        explanation = explain(refusal)
        _lead_on(item, explanation.remedy)
        raise Rejected(
            str(explanation), code=refusal.code, status=refusal.status, request_id=refusal.request_id
        ) from None
    return Outcome(operation, result=operation.detail["sid"])


def _lead_on(item: BatchItem, remedy: Remedy) -> None:
    """Leave a way out with a refused item: the search that found it, or the cart, which gets it back."""
    match remedy:
        case Remedy.SEARCH:
            url = f"{reverse('inventory:number-search')}?{item.detail['found_with']}"
            text = "Search for similar ones"
        case Remedy.PAPERS | Remedy.SETTINGS:
            offer = Offer(**item.detail["offer"])
            with suppress(CartFull):
                add_to_cart(
                    user=item.batch.author,
                    account=item.account,
                    offers=[offer],
                    found_with=item.detail["found_with"],
                )
            url = reverse("inventory:cart-detail", args=[item.account_id])
            text = "It is back in the cart"
        case _:
            url, text = reverse("inventory:purchase-refusals"), "What Twilio may refuse"
    item.detail["next"] = {"url": url, "text": text}
    BatchItem.objects.filter(pk=item.pk).update(detail=item.detail)


def buy_number(
    *,
    account: TwilioAccount,
    phone_number: str,
    settings: Mapping[str, Any],
    actor: User,
    records: Mapping[str, Any] | None = None,
    form_key: UUID | None = None,
    reason: str = "",
) -> Operation:
    """Buy one number for an account and copy it into the mirror.

    `settings` are Twilio's property names: address, bundle and configuration; `records` are ours: owner,
    cost centre, tags. The number itself is what the operation is about, so nobody else can be buying
    it meanwhile. Raises AlreadyOurs, AlreadySent, AlreadyUnderWay and the four Twilio failures;
    after Uncertain, `settle_purchases` finds out what became of it.
    """
    while True:
        earlier = operations.check_may_start(phone_number, form_key)
        owned = PhoneNumber.objects.present().select_related("account").filter(phone_number=phone_number)
        if number := owned.first():
            raise AlreadyOurs(number)
        login = _login(account)
        try:
            operation = operations.start(
                BUY_NUMBER,
                account=account,
                target=phone_number,
                actor=actor,
                detail={
                    "fields": {name: ["", value] for name, value in settings.items()},
                    "ours": {name: ["", value] for name, value in (records or {}).items()},
                },
                reason=reason,
                form_key=form_key,
                earlier=earlier,
            )
        except operations.Overtaken:
            continue
        break
    try:
        snapshot = gateway.buy_number(login, {"phone_number": phone_number, **settings})
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        _take_in(operation, snapshot)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def settle_purchases() -> None:
    """End purchases whose answer was lost, by looking whether the account has the number."""
    operations.settle_each(BUY_NUMBER, _settle)


def _settle(operation: Operation) -> None:
    snapshot = gateway.fetch_owned(_login(operation.account), operation.target, patience=IN_A_TASK)
    if snapshot:
        with transaction.atomic(durable=True):
            _take_in(operation, snapshot)
            operations.end(operation, words="Twilio's answer was lost; the account has the number.")
    elif timezone.now() - (operation.ended_at or operation.started_at) > NOT_BOUGHT_AFTER:
        words = "Twilio's answer was lost, and the account does not have the number. Nothing was bought."
        operations.refuse(operation, words)


def _take_in(operation: Operation, snapshot: Snapshot) -> None:
    """Copy the bought number in, with our own records of it."""
    sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
    number = PhoneNumber.objects.get(pk=snapshot.sid)
    operation.detail["sid"] = snapshot.sid
    operation.save(update_fields=["detail"])
    if records := {name: value for name, (_, value) in operation.detail["ours"].items()}:
        annotate_number(
            number=number,
            owner=records.get("owner", number.owner),
            cost_centre=records.get("cost_centre", number.cost_centre),
            tags=records.get("tags", number.tags),
        )


def _shared(cart: Cart) -> dict[str, Any]:
    """What all items of a purchase share, as its pages say it."""
    set_by_preset = describe(Preset.from_json(cart.preset.change)) if cart.preset else []
    lines = [("Name", cart.name_pattern)] if cart.name_pattern else []
    lines += [("Configuration", cart.preset.name)] if cart.preset else []
    return {
        "name_pattern": cart.name_pattern,
        "preset": cart.preset.name if cart.preset else "",
        "preset_lines": [[name, change_words(value)] for name, value in set_by_preset],
        "lines": lines,
    }


def _detail(cart: Cart, item: CartItem) -> dict[str, Any]:
    """What an item of a purchase carries out: frozen, so that later changes of a preset are none of it."""
    offer = Offer(**item.offer)
    settings: dict[str, Any] = {}
    records: dict[str, Any] = {}
    if cart.preset:
        # As the number will be: with nothing set.
        blank = PhoneNumber(
            phone_number=item.phone_number, voice=offer.voice, sms=offer.sms, mms=offer.mms, payload={}
        )
        effect = effect_on(blank, Preset.from_json(cart.preset.change))
        settings |= {name: after for name, (_, after) in effect.fields.items()}
        records |= {name: after for name, (_, after) in effect.ours.items()}
    if cart.name_pattern:
        settings["friendly_name"] = name_of(cart.name_pattern, offer)
    settings |= {
        name: sid for name, sid in (("address_sid", item.address_sid), ("bundle_sid", item.bundle_sid)) if sid
    }
    return {
        "text": f"{country_name(item.country)}, {type_name(item.number_type).lower()}",
        "settings": settings,
        "records": records,
        "country": item.country,
        "number_type": item.number_type,
        "offer": item.offer,
        "place": offer.place,
        "found_with": item.found_with,
    }


def name_of(pattern: str, offer: Offer) -> str:
    """A name with the number's own digits and place filled in, cut to what Twilio takes."""
    text = pattern.replace("{place}", offer.locality or offer.region)
    return re.sub(r"\s+", " ", name_for(offer.phone_number, text)).strip()[:_LONGEST_NAME]


def _login(account: TwilioAccount) -> Login:
    login = account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    return login
