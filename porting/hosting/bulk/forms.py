import re
from collections.abc import Iterable
from typing import Any

from django import forms

from portal.forms import PortalForm
from portal.models import TwilioAccount
from porting.statuses import HOSTED_ORDER_STATES

_BULK = re.compile("BH[0-9a-fA-F]{32}")


class BulkForm(PortalForm):
    """Which bulk hosting request to look up, and whether orders of one status are wanted alone."""

    account = forms.ChoiceField(label="Account")
    sid = forms.CharField(
        label="SID of the bulk request",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="It begins with BH. Whoever started the request has it.",
        error_messages={"required": "Enter the SID of the bulk request"},
    )
    status = forms.ChoiceField(label="Orders", required=False)

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account, status = self.fields["account"], self.fields["status"]
        assert isinstance(account, forms.ChoiceField)
        assert isinstance(status, forms.ChoiceField)
        account.choices = [(one.pk, str(one)) for one in accounts]
        account.error_messages["required"] = account.error_messages["invalid_choice"] = "Choose an account"
        status.choices = [
            ("", "All of them"),
            *((key, label.word) for key, label in HOSTED_ORDER_STATES.items()),
        ]

    def clean_sid(self) -> str:
        sid: str = self.cleaned_data["sid"].strip()
        if not _BULK.fullmatch(sid):
            raise forms.ValidationError("Enter a SID of BH and 32 letters and digits")
        return sid
