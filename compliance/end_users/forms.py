import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils import timezone

from compliance.bundles.forms import REASON
from compliance.guided.fields import input_name, make_field
from compliance.models import EndUser
from compliance.requirements import Field, is_blank
from portal.forms import OnceForm
from portal.reveal.reveals import mask
from portal.secrets import fingerprint


class EndUserForm(OnceForm):
    """Another name, and other values. What is masked is not shown here either: an empty field keeps it."""

    mark = forms.CharField(widget=forms.HiddenInput)
    friendly_name = forms.CharField(
        label="Friendly name", max_length=64, help_text="For staff and for Twilio's reviewers."
    )
    remove = forms.MultipleChoiceField(
        label="Remove altogether",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What the end user is to say no more.",
    )
    reason = forms.CharField(label="Reason", required=False, max_length=500, help_text=REASON)

    def __init__(self, *args: Any, end_user: EndUser, fields: Sequence[Field], **kwargs: Any) -> None:
        kwargs["initial"] = {"friendly_name": end_user.friendly_name, "mark": mark_of(end_user)}
        super().__init__(*args, **kwargs)
        self._held, self._fields = end_user.values, {f"value-{input_name(one.name)}": one for one in fields}
        last = {name: self.fields.pop(name) for name in ("remove", "reason")}
        today = timezone.now().date()
        for name, field in self._fields.items():
            now = self._held.get(field.name)
            hint = "" if is_blank(now) else f"Now {mask(now)}. Leave it empty to keep that."
            made = make_field(replace(field, is_optional=True), today=today)
            made.help_text = f"{made.help_text} {hint}".strip()
            self.fields[name] = made
        self.fields.update(last)
        remove = self.fields["remove"]
        assert isinstance(remove, forms.MultipleChoiceField)
        remove.choices = [
            (one.name, one.label) for one in self._fields.values() if not is_blank(self._held.get(one.name))
        ]
        if not remove.choices:
            del self.fields["remove"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        gone = cleaned.get("remove") or []
        for name, field in self._fields.items():
            value = cleaned.get(name)
            if is_blank(value) or name in self.errors:
                continue
            if field.name in gone:
                self.add_error(name, f"Enter {field.label} or remove it, not both")
            elif fault := field.fault(value):
                self.add_error(name, fault.rstrip("."))
        return cleaned

    def wanted(self) -> dict[str, Any]:
        """All that the end user is to say."""
        gone = self.cleaned_data.get("remove") or []
        kept = {name: value for name, value in self._held.items() if name not in gone}
        typed = {field.name: self.cleaned_data.get(name) for name, field in self._fields.items()}
        return {**kept, **{name: value for name, value in typed.items() if not is_blank(value)}}


def mark_of(end_user: EndUser) -> str:
    """A fingerprint of what can be changed, to see whether somebody else changed it."""
    return fingerprint("end-user", end_user.friendly_name, json.dumps(end_user.values, sort_keys=True))
