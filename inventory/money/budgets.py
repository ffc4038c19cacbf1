"""What an account may spend a month on numbers, and a warning before it spends more."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from inventory.models import Budget
from inventory.money.costs import CostLine, costs_of
from portal.access import Access, Permission
from portal.models import TwilioAccount
from portal.money import Money, money_words


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget beside what the account's numbers are about to cost a month."""

    budget: Budget
    expected: Decimal  # in the budget's currency
    elsewhere: Mapping[str, Decimal]  # in others, which no budget limits

    @classmethod
    def of(cls, budget: Budget, cost: Mapping[str, Decimal]) -> "BudgetState":
        elsewhere = {currency: amount for currency, amount in cost.items() if currency != budget.currency}
        return cls(budget, cost.get(budget.currency, Decimal(0)), {k: v for k, v in elsewhere.items() if v})

    @property
    def limit(self) -> Money:
        return Money(self.budget.amount, self.budget.currency)

    @property
    def is_over(self) -> bool:
        return self.expected > self.budget.amount

    @property
    def share(self) -> Decimal:
        """Of the budget: 1 is all of it."""
        return self.expected / self.budget.amount if self.budget.amount else Decimal(int(self.is_over))

    @property
    def words(self) -> str:
        if self.is_over:
            return f"{Money(self.expected - self.budget.amount, self.budget.currency)} over"
        return f"{Money(self.budget.amount - self.expected, self.budget.currency)} left"


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """Why a purchase should give pause, in a sentence. It warns; it does not forbid."""

    words: str
    is_over: bool  # False when the currencies differ, so that nobody can tell


def budget_warning(account: TwilioAccount, added_monthly: Mapping[str, Decimal]) -> BudgetWarning | None:
    """What to say before an account buys numbers at this monthly cost, by currency; None for nothing.

    Purchases under way count as bought. Releases under way do not count: they may still be refused.
    """
    budget = Budget.objects.filter(account=account).first()
    if budget is None:
        return None
    cost = dict(cost_of_account(account).this_month)
    for currency, amount in added_monthly.items():
        cost[currency] = cost.get(currency, Decimal(0)) + amount
    state = BudgetState.of(budget, cost)
    if state.is_over:
        total = Money(state.expected, budget.currency)
        return BudgetWarning(
            f"This brings {account} to {total} a month, {state.words} its budget of {state.limit}.",
            is_over=True,
        )
    foreign = {currency: amount for currency, amount in added_monthly.items() if currency != budget.currency}
    if any(foreign.values()):
        return BudgetWarning(
            f"The budget of {account} is {state.limit} a month, and this costs {money_words(foreign)}. "
            "Compare them by hand: Numberdesk does not convert currencies.",
            is_over=False,
        )
    return None


def cost_of_account(account: TwilioAccount) -> CostLine:
    """What the numbers of one account cost, whoever asks."""
    everything = Access(frozenset(), {account.pk: frozenset({Permission.VIEW})}, ())
    return costs_of(everything, [account], "account").whole


def budget_states(costs: Mapping[str, Mapping[str, Decimal]]) -> dict[str, BudgetState]:
    """The budgets of these accounts beside what they cost, by account."""
    budgets = Budget.objects.filter(account__in=costs).select_related("set_by")
    return {budget.account_id: BudgetState.of(budget, costs[budget.account_id]) for budget in budgets}
