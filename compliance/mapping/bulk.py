"""Bundles and addresses for many numbers at once (K4): chosen for each account, country and type.

Rows whose review would restart are unticked until somebody ticks them (page 24); rows that the choice does
not fit are left out. A number keeps an address that fits: to replace it would restart the review for nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count

from compliance.mapping.actions import DoesNotFit, MappingChanged, Papers, assign_papers, papers_of
from compliance.mapping.fitting import fit_of_address, needs_address, restarts_review, why_not_bundle
from compliance.mapping.groups import Group, Key, offer
from compliance.mapping.offers import Rules
from compliance.models import Bundle
from compliance.standing import REVIEW_DAYS
from inventory.addresses.reports import numbers_in_trouble
from inventory.bulk.actions import chunks
from inventory.models import Address, PhoneNumber
from portal.batches.runner import Outcome, Refused
from portal.models import Batch, BatchItem
from portal.twilio.patience import IN_A_TASK

# Of a draft's groups, so many stand above its rows.
_MOST_LINES = 5


def groups_of(batch: Batch, names: Mapping[str, str], text: str = "") -> list[Group]:
    """The groups of a draft with what can be chosen for each. Five queries, however many there are.

    An address is asked for where some of the numbers have none that fits. `text` narrows what is offered
    to bundles and addresses of that name.
    """
    rules = Rules()
    frozen = batch.items.values("target")
    kind = ("account_id", "country", "number_type")
    numbers = PhoneNumber.objects.filter(pk__in=frozen).order_by()
    counted = numbers.values_list(*kind).annotate(numbers=Count("pk"))
    lacking = numbers_in_trouble().filter(pk__in=frozen).order_by().values_list(*kind)
    needs = {
        (account, country, type_): needs
        for account, country, type_, needs in lacking.annotate(
            needs=ArrayAgg("address_requirements", distinct=True)
        )
    }
    groups = [
        Group(
            position=position,
            account_sid=account,
            account=names.get(account, account),
            country=country,
            number_type=type_,
            count=count,
            needs=needs.get((account, country, type_), ()),
            asked_for=rules.ask_for_bundle(country, type_),
            regulations=rules.of(country, type_),
        )
        for position, (account, country, type_, count) in enumerate(
            sorted(counted, key=lambda group: (-group[3], group[:3])), start=1
        )
    ]
    offer(groups, text)
    return groups


def plan_assignment(batch: Batch, groups: Iterable[Group], chosen: Mapping[Key, Papers]) -> None:
    """Write down what each number of a draft gets, which are left out, and which are unticked and why."""
    rules = Rules()
    sids = {sid for papers in chosen.values() for sid in papers.pair if sid}
    bundles = Bundle.objects.select_related("regulation").in_bulk([sid for sid in sids if sid[:2] == "BU"])
    addresses = Address.objects.in_bulk([sid for sid in sids if sid[:2] == "AD"])
    lines = [
        [str(group), ", ".join(_names(chosen[group.key], bundles, addresses)) or "left as it is"]
        for group in groups
    ]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [["Others", f"{len(lines) - _MOST_LINES} more kinds; each row says what"]]
    batch.detail = {
        "chosen": [[list(key), list(papers.pair)] for key, papers in chosen.items()],
        "lines": lines,
    }
    batch.save(update_fields=["detail"])
    for items in chunks(batch.items.all()):
        numbers = PhoneNumber.objects.select_related("account", "address").defer("payload")
        by_sid = numbers.in_bulk([item.target for item in items])
        current = Bundle.objects.only("friendly_name").in_bulk(
            {number.bundle_sid for number in by_sid.values() if number.bundle_sid}
        )
        for item in items:
            number = by_sid[item.target]
            choice = chosen.get((number.account_id, number.country, number.number_type), Papers())
            row = _Row(number, choice, bundles.get(choice.bundle_sid), addresses.get(choice.address_sid))
            row.write(item, current, rules)
        BatchItem.objects.bulk_update(items, ["detail", "state", "words"])


@dataclass(frozen=True, slots=True)
class _Row:
    """One number, and what was chosen for its group."""

    number: PhoneNumber
    chosen: Papers
    bundle: Bundle | None
    address: Address | None

    def write(self, item: BatchItem, names: Mapping[str, Bundle], rules: Rules) -> None:
        now = papers_of(self.number)
        stop = self._stop(rules)
        gets_address = self.address is not None and not stop and self._lacks_address()
        after = Papers(
            self.chosen.bundle_sid or now.bundle_sid,
            self.chosen.address_sid if gets_address else now.address_sid,
        )
        if not stop and after == now:
            stop = "It has this bundle already." if self.chosen.bundle_sid else "Nothing was chosen for it."
        restarts = not stop and restarts_review(now.pair, after.pair)
        lines = []
        if after.bundle_sid != now.bundle_sid:
            before = str(names[now.bundle_sid]) if now.bundle_sid in names else now.bundle_sid or "none"
            lines.append(["Bundle", before, str(self.bundle)])
        if after.address_sid != now.address_sid:
            before = str(self.number.address or now.address_sid or "none")
            lines.append(["Address", before, str(self.address)])
        item.state = BatchItem.State.LEFT_OUT if stop or restarts else BatchItem.State.WAITING
        item.words = stop or (_RESTARTS if restarts else "")
        item.detail = {
            "from": list(now.pair),
            "to": list(after.pair),
            "lines": [] if stop else lines,
            "possible": not stop,
            "restarts": restarts,
        }

    def _stop(self, rules: Rules) -> str:
        number = self.number
        if number.missing_since:
            return "Twilio does not list it any more."
        if self.bundle:
            asked_for = rules.ask_for_bundle(number.country, number.number_type)
            if asked_for is False:
                return "Twilio lists no regulation for such numbers, so it needs no bundle."
            if why_not := why_not_bundle(number, self.bundle, asked_for):
                return why_not
        if self.address and self._lacks_address():
            fit = fit_of_address(number, self.address)
            return fit.words if fit.is_trouble else ""
        return ""

    def _lacks_address(self) -> bool:
        return needs_address(self.number) and fit_of_address(self.number, self.number.address).is_trouble


_RESTARTS = (
    f"Unticked: it has another one now, and replacing it restarts Twilio's review, for up to {REVIEW_DAYS} "
    "business days. Tick it to do so."
)


def _names(papers: Papers, bundles: Mapping[str, Bundle], addresses: Mapping[str, Address]) -> list[str]:
    found = (bundles.get(papers.bundle_sid), addresses.get(papers.address_sid))
    return [str(one) for one in found if one]


def carry_out_assignment(item: BatchItem) -> Outcome:
    """Map to one number what the preview said, unless it was mapped otherwise since."""
    number = PhoneNumber.objects.select_related("account").get(pk=item.target)
    try:
        operation = assign_papers(
            number=number,
            wanted=Papers(*item.detail["to"]),
            opened_with=Papers(*item.detail["from"]),
            actor=item.batch.author,
            form_key=item.key,
            reason=item.batch.reason,
            patience=IN_A_TASK,
        )
    except MappingChanged as changed:
        raise Refused("It was mapped to something else since the preview. Nothing was changed.") from changed
    except DoesNotFit as misfit:
        raise Refused(str(misfit)) from misfit
    return Outcome(operation, words="" if operation else "Twilio already had it so.")
