"""The kinds of numbers in a move, and what the account they go to has for each."""

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q

from compliance.mapping.groups import Group, offer
from compliance.mapping.offers import Rules
from inventory.addresses.fit import NEEDS
from inventory.models import PhoneNumber
from portal.models import Batch, TwilioAccount


def kinds_to_move(batch: Batch, target: TwilioAccount, text: str = "") -> list[Group]:
    """Each country and type among the numbers of a draft, with the papers of the target that fit it.

    An address is offered where some of the numbers ask for one, a bundle where a regulation does or some
    have one now. `text` narrows both to that name. Four queries, however many there are.
    """
    rules = Rules()
    numbers = PhoneNumber.objects.filter(pk__in=batch.items.values("target"))
    kinds = numbers.order_by("country", "number_type").values_list("country", "number_type")
    counted = kinds.annotate(
        Count("pk"),
        bundled=Count("pk", filter=Q(has_bundle=True)),
        needs=ArrayAgg("address_requirements", distinct=True, filter=Q(address_requirements__in=NEEDS)),
    )
    groups = [
        Group(
            position=position,
            account_sid=target.pk,
            account=str(target),
            country=country,
            number_type=number_type,
            count=count,
            needs=needs or (),
            asked_for=_asked_for(rules, country, number_type, bundled),
            regulations=rules.of(country, number_type),
        )
        for position, (country, number_type, count, bundled, needs) in enumerate(counted, start=1)
    ]
    offer(groups, text)
    return groups


def key_of(kind: Group) -> str:
    """What a draft calls this kind: the same as `checks.kind_of` its numbers."""
    return f"{kind.country} {kind.number_type}"


def _asked_for(rules: Rules, country: str, number_type: str, bundled: int) -> bool | None:
    """Whether they go with a bundle: those that have one now do, whatever is asked of them."""
    asked_for = rules.ask_for_bundle(country, number_type)
    return True if asked_for is False and bundled else asked_for
