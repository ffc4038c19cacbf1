import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms

from compliance.mapping.groups import Group
from inventory.moving.kinds import key_of
from portal.forms import PortalForm
from portal.models import TwilioAccount


class ReleaseForm(PortalForm):
    """The last look before numbers are given back: why, and how many, in the person's own hand."""

    reason = forms.CharField(
        label="Reason", max_length=200, help_text="Kept in the register of released numbers."
    )
    typed = forms.CharField(
        max_length=12, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
    )

    def __init__(self, *args: Any, numbers: Sequence[str], **kwargs: Any) -> None:
        """`numbers` are those that will be released, in E.164."""
        super().__init__(*args, **kwargs)
        typed = self.fields["typed"]
        if len(numbers) == 1:
            self._expected = numbers[0][-4:]
            typed.label = "Type the last four digits of the number"
            typed.error_messages["required"] = "Enter the last four digits of the number"
        else:
            self._expected = str(len(numbers))
            typed.label = "Type how many numbers you release"
            typed.error_messages["required"] = "Enter how many numbers you release"

    def clean_typed(self) -> str:
        typed = re.sub(r"[\s,.]", "", self.cleaned_data["typed"])
        if typed != self._expected:
            raise forms.ValidationError("This is not what is about to be released. Look once more")
        return typed


class TransferForm(PortalForm):
    """Where numbers go, and the address and bundle that each kind of them gets there."""

    account = forms.ChoiceField(
        label="Move to", error_messages={"required": "Choose the account the numbers go to"}
    )

    def __init__(
        self,
        *args: Any,
        accounts: Iterable[TwilioAccount],
        kinds: Sequence[Group] = (),
        target: str = "",
        chosen: Mapping[str, Mapping[str, str]],
        **kwargs: Any,
    ) -> None:
        """`chosen` is what was chosen before: addresses and bundles, by kind."""
        super().__init__(*args, **kwargs)
        self._kinds = kinds
        account = self.fields["account"]
        assert isinstance(account, forms.ChoiceField)
        account.choices = [("", "Choose an account"), *((a.pk, str(a)) for a in accounts)]
        account.initial = target
        for kind in kinds:
            no_bundle = "Choose one" if kind.asked_for else "None"
            for name, label, offered, before, nothing in (
                (kind.bundle_field, "Bundle", kind.bundles, chosen.get("bundles", {}), no_bundle),
                (kind.address_field, "Address", kind.addresses, chosen.get("addresses", {}), "Choose one"),
            ):
                if offered:
                    only = offered[0][0] if len(offered) == 1 else ""
                    self.fields[name] = forms.ChoiceField(
                        label=label,
                        required=False,
                        choices=[("", nothing), *offered],
                        initial=before.get(key_of(kind), only),
                    )

    def addresses(self) -> Mapping[str, str]:
        """The chosen addresses, by kind of number."""
        return self._chosen("address_field")

    def bundles(self) -> Mapping[str, str]:
        return self._chosen("bundle_field")

    def lines(self) -> list[tuple[str, str]]:
        """What was chosen for each kind, by name."""
        lines = []
        for kind in self._kinds:
            names = [
                dict(offered)[sid]
                for field, offered in (
                    (kind.bundle_field, kind.bundles),
                    (kind.address_field, kind.addresses),
                )
                if (sid := self.cleaned_data.get(field))
            ]
            if names:
                lines.append((kind.kind, "; ".join(names)))
        return lines

    def _chosen(self, field: str) -> Mapping[str, str]:
        sids = {key_of(kind): self.cleaned_data.get(getattr(kind, field), "") for kind in self._kinds}
        return {key: sid for key, sid in sids.items() if sid}


class TransferReasonForm(PortalForm):
    reason = forms.CharField(
        label="Reason", required=False, max_length=200, help_text="Kept with every number that is moved."
    )
