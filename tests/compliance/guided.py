"""What the tests of the guided way share: a reviewer, a country's regulation, and answers to its questions."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from compliance.models import Bundle, Regulation
from tests.pages import Page, url_of
from tests.uploads import pdf

NEW = "/bundles/new/"


def begin(client: Client, regulation: Regulation, account: Any, **typed: Any) -> Bundle:
    """A draft, made through its page."""
    url = url_of(NEW, account=account.pk, country=regulation.iso_country)
    sent = Page.of(client, url).form("main form[method=post]")
    answer = client.post(
        url,
        {
            **sent,
            "regulation": regulation.pk,
            "email": "desk@example.com",
            "friendly_name": "Riverside",
            **typed,
        },
    )
    assert answer.status_code == 302, Page(answer).text
    return Bundle.objects.select_related("account", "regulation").get(pk=answer["Location"].split("/")[2])


def send(client: Client, url: str, **typed: Any) -> Any:
    """Send the form of a task's page with some fields typed over; None leaves one out."""
    sent: dict[str, Any] = {**Page.of(client, url).form("main form[method=post]"), **typed}
    return client.post(url, {name: value for name, value in sent.items() if value is not None})


def file(content: bytes | None = None, name: str = "scan.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf() if content is None else content)


def task_states(client: Client, bundle: Bundle) -> dict[str, str]:
    page = Page.of(client, f"/bundles/{bundle.pk}/tasks/")
    return {
        row.all(".task__name > *")[0].text: row.one(".task__state").text for row in page.all(".tasks > li")
    }
