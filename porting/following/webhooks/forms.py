import uuid
from typing import Any

from django import forms

from portal.forms import PortalForm
from portal.urls_from_staff import UrlField, fault_of_url
from porting.following.webhooks.lookups import EVENTS, Configuration


class WebhookForm(PortalForm):
    """The whole configuration, for what is not said in a write is gone."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    mark = forms.CharField(widget=forms.HiddenInput, required=False)
    port_in_url = UrlField(label="Address for port-ins", required=False)
    port_out_url = UrlField(
        label="Address for port-outs", required=False, help_text="Numberdesk takes no port-outs in."
    )
    events = forms.MultipleChoiceField(
        label="Events",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Without a tick Twilio tells of all events, also of those it will have later.",
    )

    def __init__(
        self,
        *args: Any,
        current: Configuration,
        back: Configuration | None = None,
        ours: str,
        is_local: bool,
        **kwargs: Any,
    ) -> None:
        """The fields begin with what there is now, or with what is to be put back."""
        super().__init__(*args, **kwargs)
        self.ours, self.is_local = ours, is_local
        names = dict.fromkeys([*EVENTS, *current.events, *(back.events if back else ())])
        events, port_in = self.fields["events"], self.fields["port_in_url"]
        assert isinstance(events, forms.MultipleChoiceField)
        events.choices = [(name, name) for name in names]
        port_in.help_text = f"Numberdesk listens at {ours}"
        shown = back or current
        self.initial.update(
            {
                "mark": current.mark,
                "port_in_url": shown.port_in_url or ("" if back else ours),
                "port_out_url": shown.port_out_url,
                "events": list(shown.events),
            }
        )

    def clean_port_in_url(self) -> str:
        return self._checked("port_in_url")

    def clean_port_out_url(self) -> str:
        return self._checked("port_out_url")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("port_in_url") and not cleaned.get("port_out_url"):
            self.add_error("port_in_url", "Enter an address, or delete the configuration")
        return cleaned

    def wanted(self) -> Configuration:
        cleaned = self.cleaned_data
        return Configuration(cleaned["port_in_url"], cleaned["port_out_url"], tuple(cleaned["events"]))

    def _checked(self, name: str) -> str:
        url: str = self.cleaned_data[name]
        if url and not (self.is_local and url == self.ours) and (fault := fault_of_url(url)):
            raise forms.ValidationError(fault)
        return url
