"""The configuration of porting webhooks (N1)."""

from contextlib import suppress
from datetime import timedelta

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from portal.models import Operation, Role
from portal.sandbox.faults import Fault
from portal.twilio.errors import Absent
from portal.webhooks.intake import callback_url
from porting.following import tasks  # noqa: F401 (registers them)
from porting.following.webhooks import actions
from porting.following.webhooks.lookups import Configuration, fetch_configuration
from porting.portin import gateway
from tests.factories import make_account, make_user
from tests.pages import Page
from tests.porting.following.requests import by_hand

pytestmark = pytest.mark.django_db
LIST = "/porting/webhooks/"
ELSEWHERE = "https://hooks.example.com/porting"
CONFIGURATION = "*/Configuration/Webhook*"
State = Operation.State


@pytest.fixture(autouse=True)
def _by_hand(twilio, settings):
    by_hand(twilio)
    settings.PUBLIC_URL = "https://numbers.example.com"


@pytest.fixture(autouse=True)
def nothing(twilio, parent):
    """No configuration to begin with."""
    if fetch_configuration(parent).is_there:
        for kind in ("PORT_IN", "PORT_OUT"):
            with suppress(Absent):
                gateway.delete_webhook(parent.require_own_login(), kind)


@pytest.fixture
def url(parent):
    return f"{LIST}{parent.pk}/"


def put(client, url, **changes):
    return client.post(url, {**Page.of(client, url).form("form.section__foot"), **changes})


def test_an_account_that_has_none_is_offered_our_own_address(as_porter, parent, url):
    page = Page.of(as_porter, url)
    assert "Nobody is told of port-ins" in page.one("main").text

    put(as_porter, url)

    ours = callback_url("porting:porting-webhook")
    assert fetch_configuration(parent).port_in_url == ours
    assert "Numberdesk" in Page.of(as_porter, url).one("dl.facts").text


def test_twilio_may_say_by_404_that_there_is_none(twilio, parent):
    twilio.faults.add(Fault(kind="status", status=404, method="GET", path=CONFIGURATION))
    assert fetch_configuration(parent) == Configuration()


def test_a_write_replaces_the_old_one_which_is_kept_and_shown(as_porter, parent, url):
    login = parent.require_own_login()
    gateway.set_webhook(login, {"port_in_target_url": ELSEWHERE, "port_out_target_url": f"{ELSEWHERE}/out"})
    page = Page.of(as_porter, url)
    assert "replaces all of it" in page.one("main").text
    assert "Another address is told" in page.one("main").text

    put(as_porter, url, port_in_url=callback_url("porting:porting-webhook"), events=["PortInCompleted"])

    now = fetch_configuration(parent)
    assert now.port_out_url == f"{ELSEWHERE}/out", "what was not changed is not lost"
    assert now.events == ("PortInCompleted",)
    operation = Operation.objects.get(kind=actions.SET_WEBHOOK)
    assert operation.detail["before"]["port_in_target_url"] == ELSEWHERE
    assert ELSEWHERE in Page.of(as_porter, url).one(".timeline").text


def test_what_was_replaced_or_deleted_is_put_back(as_porter, parent, url):
    login = parent.require_own_login()
    values = {"port_in_target_url": ELSEWHERE, "notifications_of": ["PortInCompleted", "PortInCanceled"]}
    gateway.set_webhook(login, values)
    before = fetch_configuration(parent)
    put(as_porter, url, events=[])
    as_porter.post(f"{url}delete/")

    page = Page.of(as_porter, url)
    backs = [link["href"] for link in page.all("a") if link.text.startswith("Put it back")]
    assert len(backs) == 2, "Numberdesk's own, which was deleted, and the one before"
    form = Page.of(as_porter, url + backs[-1])
    assert "puts it back, and replaces all that there is now" in form.one("form .notice").text
    as_porter.post(url + backs[-1], form.form("form.section__foot"))

    assert fetch_configuration(parent).mark == before.mark
    assert "Put it back" in Page.of(as_porter, url).text, "what was replaced by it can be put back as well"
    assert as_porter.get(f"{url}?back=nonsense").status_code == 200


def test_what_somebody_else_set_meanwhile_is_not_overwritten_unseen(as_porter, parent, url):
    form = Page.of(as_porter, url).form("form.section__foot")
    gateway.set_webhook(parent.require_own_login(), {"port_in_target_url": ELSEWHERE})

    answer = as_porter.post(url, form)

    assert answer.status_code == 422
    assert "changed meanwhile" in Page(answer).one("[data-error-summary]").text
    assert ELSEWHERE in Page(answer).one("dl.facts").text
    again = Page(answer).form("form.section__foot")
    assert as_porter.post(url, again).status_code == 302


@pytest.mark.parametrize("bad", ["http://example.com", "https://localhost/x", "words"])
def test_an_address_that_twilio_cannot_reach_is_refused(as_porter, parent, url, bad):
    answer = put(as_porter, url, port_in_url=bad)
    assert answer.status_code == 422
    assert not fetch_configuration(parent).is_there


def test_it_is_deleted_and_a_second_time_there_is_none(as_porter, parent, url):
    put(as_porter, url)
    as_porter.post(f"{url}delete/")
    assert not fetch_configuration(parent).port_in_url
    as_porter.post(f"{url}delete/")
    assert Page.of(as_porter, url).messages[-1] == "There was none."
    assert Operation.objects.filter(kind=actions.DELETE_WEBHOOK).count() == 1


@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_answer_is_settled_by_looking(twilio, as_porter, parent, url, arrived):
    twilio.faults.add(
        Fault(kind="status", status=502, method="POST", path=CONFIGURATION, commits=arrived, times=1)
    )
    put(as_porter, url)
    operation = Operation.objects.get(kind=actions.SET_WEBHOOK)
    assert operation.state == State.UNCERTAIN
    Operation.objects.filter(pk=operation.pk).update(ended_at=timezone.now() - timedelta(hours=1))

    current_app.tasks["settle_cancellations"]()

    operation.refresh_from_db()
    assert operation.state == (State.DONE if arrived else State.REFUSED)


def test_twilio_being_away_is_said(twilio, as_porter, url):
    twilio.faults.add(Fault(kind="status", status=503, method="GET", path=CONFIGURATION))
    assert "Unavailable" in Page.of(as_porter, url).one("main").text


def test_only_those_who_port_may(as_viewer, as_porter, url):
    assert as_viewer.get(LIST).status_code == 403
    assert as_viewer.post(f"{url}delete/").status_code == 403
    assert as_porter.get(f"{url}delete/").status_code == 405
    assert as_porter.get(f"{LIST}AC{'0' * 32}/").status_code == 404
    stranger = Client()
    stranger.force_login(make_user(Role.PORTING, accounts=[make_account()]))
    assert stranger.get(url).status_code == 404
