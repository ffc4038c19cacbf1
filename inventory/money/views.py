from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.models import Budget, NumberPrice
from inventory.money import actions
from inventory.money.budgets import BudgetState, budget_states, cost_of_account
from inventory.money.costs import DIRECTIONS, CostLine, Costs, costs_of
from inventory.money.forms import BudgetForm
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.freshness import freshness
from portal.http import StaffRequest, go, page
from portal.models import TwilioAccount
from portal.shell import visible_accounts
from portal.timeline import timeline

_USUAL_CURRENCY = "USD"
_HEADER = (
    "Numbers (numbers)", "Without a price (unpriced)", "To be bought (purchases)",
    "To be released (releases)", "Currency (currency)", "Before discounts (base)", "A month now (current)",
    "This month (this_month)", "Next month (next_month)",
)  # fmt: skip


@require_GET
@allowed(Permission.VIEW)
def cost_list(request: StaffRequest) -> HttpResponse:
    costs = _costs(request, Permission.VIEW)
    budgets = budget_states(
        {line.key: line.next_month for line in costs.lines} if _is_by_account(costs) else {}
    )
    context = {
        "costs": costs,
        "directions": [(name, title, f"?by={name}") for name, title in DIRECTIONS.items()],
        "title": DIRECTIONS[costs.direction],
        "lines": [(line, budgets.get(line.key), _may_set(request, costs, line)) for line in costs.lines],
        "is_by_account": _is_by_account(costs),
        "freshness": freshness("prices", visible_accounts(request)),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "inventory/money/cost_list.html", context, fragment="costs")


@require_GET
@allowed(Permission.EXPORT)
def cost_export(request: StaffRequest) -> HttpResponseBase:
    """The breakdown as CSV: one row for every currency of every row."""
    costs = _costs(request, Permission.EXPORT)
    first = f"{DIRECTIONS[costs.direction]} ({costs.direction})"
    header = [first, "Type (type)", *_HEADER] if costs.direction == "country" else [first, *_HEADER]
    return csv_response(f"costs-by-{costs.direction}", header, _rows(costs))


def _rows(costs: Costs) -> Iterator[list[Any]]:
    for line in costs.lines:
        if costs.direction == "country":
            for part in line.parts:
                yield from ([line.key, part.key, *cells] for cells in _cells(part))
        else:
            yield from ([line.label, *cells] for cells in _cells(line))


def _cells(line: CostLine) -> Iterator[list[Any]]:
    counts = [line.held, line.unpriced, line.bought, line.released]
    for currency in sorted({*line.now, *line.next_month}) or [""]:
        sums = (line.before_discounts, line.now, line.this_month, line.next_month)
        yield [*counts, currency, *(each.get(currency, "") for each in sums)]


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUDGETS)
def budget_set(request: StaffRequest, account_sid: str) -> HttpResponse:
    """What the numbers of an account may cost a month."""
    account = _budgeted_account(request, account_sid)
    budget = Budget.objects.filter(account=account).select_related("set_by").first()
    cost = cost_of_account(account)
    initial = {"amount": budget.amount, "currency": budget.currency} if budget else {}
    form = BudgetForm(request.POST or None, initial=initial, currencies=_currencies(account, budget))
    if request.method == "POST" and form.is_valid():
        actions.set_budget(account=account, actor=request.user, **form.cleaned_data)
        messages.success(request, f"The budget of {account} is set.")
        return go(request, _by_account())
    context = {
        "account": account,
        "budget": budget,
        "state": BudgetState.of(budget, cost.next_month) if budget else None,
        "cost": cost,
        "form": form,
        "timeline": timeline(
            account.pk, kinds={actions.SET_BUDGET: "Budget"}, properties={"budget": "Budget"}
        ),
    }
    status = 422 if form.is_bound else 200
    return page(request, "inventory/money/budget_set.html", context, fragment="budget", status=status)


@require_POST
@allowed(Permission.MANAGE_BUDGETS)
def budget_remove(request: StaffRequest, account_sid: str) -> HttpResponse:
    account = _budgeted_account(request, account_sid)
    actions.remove_budget(account=account, actor=request.user)
    messages.success(request, f"{account} has no budget any more.")
    return go(request, _by_account())


def _costs(request: StaffRequest, permission: Permission) -> Costs:
    wanted = request.GET.get("by", "")
    direction = wanted if wanted in DIRECTIONS else "country"
    return costs_of(request.access, visible_accounts(request), direction, permission=permission)


def _by_account() -> str:
    return f"{reverse('inventory:cost-list')}?by=account"


def _is_by_account(costs: Costs) -> bool:
    return costs.direction == "account"


def _may_set(request: StaffRequest, costs: Costs, line: CostLine) -> bool:
    return _is_by_account(costs) and request.access.can(Permission.MANAGE_BUDGETS, line.key)


def _budgeted_account(request: StaffRequest, account_sid: str) -> TwilioAccount:
    rows = request.access.visible(TwilioAccount.objects.present(), field="sid")
    account: TwilioAccount = get_object_or_404(rows.defer("auth_token", "api_key_secret"), pk=account_sid)
    request.access.require(Permission.MANAGE_BUDGETS, account.pk)
    return account


def _currencies(account: TwilioAccount, budget: Budget | None) -> list[str]:
    """Those of the account's prices, or its parent's; the usual one where there are none."""
    prices = NumberPrice.objects.present().filter(account__in=[account.pk, account.owner_sid])
    found = set(prices.order_by().values_list("currency", flat=True).distinct()) - {""}
    return sorted(found | ({budget.currency} if budget else set())) or [_USUAL_CURRENCY]
