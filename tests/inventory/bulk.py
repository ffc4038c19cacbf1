"""Selecting numbers, saying what to change and confirming it, as a person at the pages does."""

from celery import current_app

from portal.models import Batch
from tests.pages import Page

LIST, SELECT = "/numbers/", "/numbers/select/"
VOICE = "https://calls.example.com/in"


def select(client, *numbers, do="change", **sent):
    return client.post(SELECT, {"do": do, "sid": [number.pk for number in numbers], **sent})


def drafted(client, *numbers, **sent):
    """The draft that selecting made."""
    answer = select(client, *numbers, **sent)
    assert answer.status_code == 302
    return Batch.objects.get(pk=answer["Location"].split("/")[3])


def page_of(batch, name="change"):
    return f"/numbers/bulk/{batch.pk}/{name}/"


def fill_in(client, batch, *what, **typed):
    """Send what to change; the page that follows."""
    return client.post(page_of(batch), {"csrfmiddlewaretoken": "x", "what": what, **typed})


def previewed(client, *numbers, what=("owner",), **typed):
    """A draft whose change is filled in."""
    batch = drafted(client, *numbers)
    answer = fill_in(client, batch, *what, **(typed or {"owner": "Ada"}))
    assert answer["Location"] == page_of(batch, "preview")
    return batch


def frozen(batch):
    return {item.target for item in batch.items.all()}


def confirm(client, batch, *, keep=None, **sent):
    """Press the button of the preview with these rows ticked, else those that are."""
    shown = Page.of(client, page_of(batch, "preview")).form("form.preview-form")
    kept = shown.get("keep", []) if keep is None else [str(item.pk) for item in keep]
    return client.post(page_of(batch, "preview"), {**shown, "keep": kept, **sent})


def work(batch):
    """What a worker does with it."""
    current_app.tasks["run_inventory_batch"](str(batch.pk))
    batch.refresh_from_db()
    return batch


def messages(client, url=LIST):
    return Page.of(client, url).messages
