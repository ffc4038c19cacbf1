from collections.abc import Sequence
from typing import Any, Protocol

from django import forms

from portal.forms import OnceForm, PortalForm

_REASON = "Kept with the change, for whoever asks later."
LEAVE = "leave"
# So many are shown with a button each, of so few groups; a list holds the others.
_MOST_BUTTONS = 8
_MOST_OPEN_GROUPS = 3

Choices = Sequence[tuple[str, str]]


class Group(Protocol):
    """As much of a group of a draft as its form asks for."""

    bundles: Choices
    addresses: Choices

    @property
    def bundle_field(self) -> str: ...

    @property
    def address_field(self) -> str: ...


def papers_field(
    label: str, choices: Choices, *, required: str, hint: str = "", is_short: bool = True
) -> forms.ChoiceField:
    """One of some bundles or addresses; `required` is what to say when none is chosen."""
    few = is_short and len(choices) <= _MOST_BUTTONS
    return forms.ChoiceField(
        label=label,
        choices=choices if few or not choices[0][0] else [("", "Choose one"), *choices],
        required=all(sid for sid, _ in choices),
        help_text=hint,
        widget=forms.RadioSelect if few else forms.Select,
        error_messages={"required": required, "invalid_choice": required},
    )


class AssignForm(OnceForm):
    """Which bundle and address a number gets, of those that Twilio would take. Either may be absent."""

    opened_bundle = forms.CharField(widget=forms.HiddenInput, required=False)
    opened_address = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(label="Reason", required=False, max_length=200, help_text=_REASON)

    def __init__(
        self, *args: Any, bundles: Choices, addresses: Choices, about_bundles: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if bundles:
            self.fields["bundle"] = papers_field(
                "Bundle", bundles, required="Choose a bundle", hint=about_bundles
            )
        if addresses:
            self.fields["address"] = papers_field(
                "Address",
                addresses,
                required="Choose an address",
                hint="Addresses of this account of the kind that Twilio asks for.",
            )


class GroupForm(PortalForm):
    """A bundle and an address for each group of a draft, of those that Twilio would take."""

    def __init__(self, *args: Any, groups: Sequence[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in groups:
            for name, label, offered in (
                (group.bundle_field, "Bundle", group.bundles),
                (group.address_field, "Address", group.addresses),
            ):
                if offered:
                    what = f"Choose {'a bundle' if label == 'Bundle' else 'an address'} for {group}"
                    field = papers_field(
                        label,
                        [*offered, (LEAVE, "Leave as it is")],
                        required=what,
                        is_short=len(groups) <= _MOST_OPEN_GROUPS,
                    )
                    field.initial = offered[0][0] if len(offered) == 1 else LEAVE if len(groups) > 1 else None
                    self.fields[name] = field

    def chosen(self, name: str) -> str:
        """The sid that was chosen; "" to leave what there is."""
        sid = str(self.cleaned_data.get(name) or "")
        return "" if sid == LEAVE else sid
