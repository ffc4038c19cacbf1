from collections.abc import Iterable
from typing import Any

from django import forms

from portal.forms import PortalForm
from portal.labels import APPROVABLE_KINDS, BATCH_KINDS
from portal.models import ApprovalRule, TwilioAccount


class ReasonForm(PortalForm):
    """Why a draft is confirmed."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Kept with every change, for whoever asks later.",
    )


class DecisionForm(PortalForm):
    """Yes or no, and why. A no without a reason helps nobody."""

    decision = forms.ChoiceField(
        choices=[("approve", "Approve"), ("decline", "Do not approve")],
        error_messages={"required": "Approve it, or do not"},
    )
    reason = forms.CharField(
        label="Reason", required=False, max_length=200, help_text="Needed when you do not approve."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "decline" and not cleaned.get("reason"):
            self.add_error("reason", "Enter why this is not approved")
        return cleaned


class ApprovalRuleForm(PortalForm):
    kind = forms.ChoiceField(
        label="A second person has to approve",
        choices=[(kind, BATCH_KINDS[kind]) for kind in APPROVABLE_KINDS],
    )
    account = forms.ChoiceField(label="On", required=False)
    over_count = forms.IntegerField(
        label="More numbers than", required=False, min_value=1, max_value=10_000,
        help_text="With neither limit, always.",
        error_messages={"invalid": "Enter a whole number such as 10"},
    )  # fmt: skip
    over_monthly_cost = forms.DecimalField(
        label="More a month than", required=False, min_value=0, max_digits=12, decimal_places=2,
        help_text="In the currency of the prices. What has no known price needs approval too.",
        error_messages={"invalid": "Enter an amount such as 50.00"},
    )  # fmt: skip

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = self.fields["account"]
        assert isinstance(account, forms.ChoiceField)
        account.choices = [("", "Every account"), *((a.pk, str(a)) for a in accounts)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        same = ApprovalRule.objects.filter(kind=cleaned.get("kind"), account=cleaned.get("account") or None)
        if "kind" in cleaned and same.exists():
            self.add_error("kind", "There is a rule for this already. Remove it first")
        return cleaned
