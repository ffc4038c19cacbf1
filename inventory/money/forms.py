from collections.abc import Iterable
from typing import Any

from django import forms

from portal.forms import PortalForm


class BudgetForm(PortalForm):
    """What the numbers of an account may cost a month. Ours alone: Twilio knows of no limit."""

    amount = forms.DecimalField(
        label="Budget a month",
        min_value=0,
        max_digits=12,
        decimal_places=2,
        error_messages={
            "invalid": "Enter an amount such as 1200 or 1200.50",
            "min_value": "Enter an amount that is not below nothing",
            "max_digits": "Enter an amount below ten thousand million",
            "max_whole_digits": "Enter an amount below ten thousand million",
            "max_decimal_places": "Enter an amount with at most two places behind the point",
        },
    )
    currency = forms.ChoiceField(
        label="Currency", help_text="That in which Twilio prices this account's numbers."
    )

    def __init__(self, *args: Any, currencies: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal"}
        field = self.fields["currency"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(currency, currency) for currency in currencies]
