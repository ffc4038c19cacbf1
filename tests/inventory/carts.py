"""Carts as a browser fills them, sends them and sees them bought."""

from django.urls import reverse

from inventory import tasks
from inventory.buying.offers import offer_of
from tests.mirroring import truth
from tests.pages import Page, url_of


def results(client, account, country="US", kind="local", **filters):
    url = url_of("/numbers/buy/", account=account.pk, country=country, type=kind, **filters)
    return Page.of(client, url)


def add(client, account, page, **form):
    form.setdefault("found_with", page.one("[name=found_with]")["value"])
    return client.post(reverse("inventory:cart-add", args=[account.pk]), form, follow=True)


def put(client, account, country="US", kind="local", count=1, **filters):
    """Put the first numbers of a search into the cart."""
    page = results(client, account, country, kind, **filters)
    offers = [box["value"] for box in page.all("[name=offer]")[:count]]
    answer = add(client, account, page, offer=offers)
    assert answer.status_code == 200
    return [offer_of(token).phone_number for token in offers]


def cart_url(account):
    return reverse("inventory:cart-detail", args=[account.pk])


def go_on(client, account, **form):
    """Press Continue in the cart as it stands, with these answers."""
    sent = Page.of(client, cart_url(account)).form("main form.form--wide") | form
    return client.post(cart_url(account), sent)


def buy(client, url, **form):
    return client.post(url, form)


def carry_out(batch):
    """What a worker does."""
    tasks.run_inventory_batch(str(batch.pk))
    batch.refresh_from_db()


def bought(twilio, account, numbers):
    return [record for record in truth(twilio, account) if record["phone_number"] in numbers]


def items(batch):
    return {item.target: (item.state, item.code) for item in batch.items.all()}
