from typing import Any

from django import forms

from portal.forms import PortalForm
from portal.models import Role, SavedView


class SavedViewForm(PortalForm):
    """What a view is called and who has it; only those who may share are asked the latter."""

    name = forms.CharField(label="Name", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    sharing = forms.ChoiceField(
        label="Who has it",
        choices=SavedView.Sharing.choices,
        initial=SavedView.Sharing.PRIVATE,
        widget=forms.RadioSelect,
        help_text="Everybody sees in it what they may see anyway.",
    )
    roles = forms.MultipleChoiceField(
        label="Roles", choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, may_share: bool, view: SavedView | None = None, **kwargs: Any) -> None:
        if view:
            kwargs["initial"] = {"name": view.name, "sharing": view.sharing, "roles": view.roles}
        super().__init__(*args, **kwargs)
        self._held = view
        if not may_share:
            del self.fields["sharing"], self.fields["roles"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "sharing" not in self.fields:
            held = self._held
            cleaned["sharing"] = held.sharing if held else SavedView.Sharing.PRIVATE
            cleaned["roles"] = held.roles if held else []
        elif cleaned.get("sharing") != SavedView.Sharing.ROLES:
            cleaned["roles"] = []
        elif not cleaned.get("roles") and "roles" not in self.errors:
            self.add_error("roles", "Choose the roles")
        return cleaned
