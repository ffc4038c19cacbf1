"""Porting webhooks: learning what became of requests, and where Twilio is to send them.

There is one configuration for an account, and every write replaces it whole (page 17). So it is read before
each write, and what it was stays with the operation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from portal import operations
from portal.models import Change, Delivery, Operation, TwilioAccount, User
from portal.twilio.errors import TwilioFailure
from porting.following.webhooks.lookups import Configuration, fetch_configuration
from porting.models import PortInRequest
from porting.portin import gateway
from porting.portin.sync import refetch_port_in

SET_WEBHOOK = "porting.set_webhook"
DELETE_WEBHOOK = "porting.delete_webhook"
_LOOKED_AT = 20


def read_port_in(delivery: Delivery) -> str:
    """Read the request of a webhook from Twilio. Returns what the changes do not tell.

    What the webhook says of a status is never taken over, so one that is late moves nothing back.
    """
    assert delivery.account
    rows = PortInRequest.objects.filter(pk=delivery.target)
    known = rows.select_related("reader").first()
    reader = known.reader if known else delivery.account
    refetch_port_in(known, delivery.target, reader=reader, source=Change.Source.WEBHOOK)
    if not rows.present().exists():
        return "Twilio does not have this request, or not any more."
    return "" if known else "It was read for the first time."


class ChangedMeanwhile(Exception):
    """Somebody else has set another configuration since the form was opened."""

    def __init__(self, current: Configuration) -> None:
        super().__init__("The configuration has changed since it was opened.")
        self.current = current


def set_configuration(
    *,
    account: TwilioAccount,
    wanted: Configuration,
    opened_with: str,
    actor: User,
    form_key: UUID | None = None,
) -> Operation | None:
    """Replace the configuration whole; None when it is so already. The old one is kept with the operation.

    Raises ChangedMeanwhile, the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    operations.check_may_start(target_of(account), form_key)
    current = fetch_configuration(account)
    if current.mark == wanted.mark:
        return None
    if current.mark != opened_with:
        raise ChangedMeanwhile(current)
    operation = _start(SET_WEBHOOK, account, current, wanted, actor, form_key)
    values: dict[str, Any] = {"notifications_of": list(wanted.events)}
    if wanted.port_in_url:
        values["port_in_target_url"] = wanted.port_in_url
    if wanted.port_out_url:
        values["port_out_target_url"] = wanted.port_out_url
    login = account.require_own_login()
    return _sent(operation, lambda: gateway.set_webhook(login, values))


def delete_configuration(
    *, account: TwilioAccount, actor: User, form_key: UUID | None = None
) -> Operation | None:
    """Take the address for port-ins away; None when there is none. Events may come for some minutes still."""
    operations.check_may_start(target_of(account), form_key)
    current = fetch_configuration(account)
    if not current.port_in_url:
        return None
    wanted = replace(current, port_in_url="")
    operation = _start(DELETE_WEBHOOK, account, current, wanted, actor, form_key)
    login = account.require_own_login()
    return _sent(operation, lambda: gateway.delete_webhook(login))


@dataclass(frozen=True, slots=True)
class Earlier:
    """A configuration that a change has replaced, and that can be put back."""

    change: Operation
    configuration: Configuration


def earlier_configurations(account: TwilioAccount, current: Configuration) -> list[Earlier]:
    """Other configurations than there is now, the one that was replaced last first, each once."""
    changes = Operation.objects.about(target_of(account)).filter(state=Operation.State.DONE)
    found: dict[str, Earlier] = {}
    for change in changes.order_by("-started_at")[:_LOOKED_AT]:
        configuration = Configuration.of(change.detail["before"])
        if configuration.is_there and configuration.mark != current.mark:
            found.setdefault(configuration.mark, Earlier(change, configuration))
    return list(found.values())


def settle_webhooks() -> None:
    """End what lost its answer, by looking at the configuration there is. Nothing is sent again."""
    for kind in (SET_WEBHOOK, DELETE_WEBHOOK):
        operations.settle_each(kind, _settle)


def target_of(account: TwilioAccount) -> str:
    return f"porting-webhook:{account.pk}"


def _settle(operation: Operation) -> None:
    now = fetch_configuration(operation.account).as_detail()
    wanted = operation.detail["after"]
    if sorted(now.pop("notifications_of")) == sorted(wanted["notifications_of"]) and all(
        now[name] == wanted[name] for name in now
    ):
        operations.end(operation, words="Twilio's answer was lost; the configuration is as wanted.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the configuration is another one.")


def _start(
    kind: str,
    account: TwilioAccount,
    current: Configuration,
    wanted: Configuration,
    actor: User,
    form_key: UUID | None,
) -> Operation:
    before, after = current.as_detail(), wanted.as_detail()
    return operations.start(
        kind,
        account=account,
        target=target_of(account),
        actor=actor,
        detail={
            "before": before,
            "after": after,
            "fields": {name: [before[name], after[name]] for name in before if before[name] != after[name]},
        },
        form_key=form_key,
    )


def _sent(operation: Operation, send: Callable[[], Any]) -> Operation:
    try:
        send()
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    operations.end(operation)
    return operation
