import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from inventory.configuration import PROPERTIES, configuration_of
from inventory.models import Application, PhoneNumber
from portal.forms import PortalForm
from portal.urls_from_staff import UrlField, fault_of_url

METHODS = [("POST", "POST"), ("GET", "GET")]


_ABOUT_CALLS = (
    "voice_receive_mode", "voice_route", "voice_url", "voice_method", "voice_fallback_url",
    "voice_fallback_method", "voice_application_sid", "trunk_sid", "status_callback",
    "status_callback_method", "voice_caller_id_lookup",
)  # fmt: skip
_ABOUT_MESSAGES = (
    "sms_route", "sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method", "sms_application_sid",
)  # fmt: skip


class TrunkField(forms.CharField):
    """The SID of a trunk: asked for only where a trunk was chosen, and not optional there."""

    is_optional = False


class NumberConfigurationForm(PortalForm):
    """How a number answers calls and messages (page 23).

    Only one thing answers: a SIP trunk beats an application, and an application beats the addresses.
    The form asks which, keeps what was typed for the others, and sends what makes the choice true.
    """

    template_name = "inventory/number_configuration_form.html"

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    opened_with = forms.JSONField(widget=forms.HiddenInput)

    friendly_name = forms.CharField(
        label="Name", max_length=64, required=False, help_text="Up to 64 characters. Callers never see it."
    )

    voice_receive_mode = forms.ChoiceField(
        label="Treat incoming calls as",
        choices=[("voice", "Voice calls"), ("fax", "Faxes")],
        widget=forms.RadioSelect,
    )
    voice_route = forms.ChoiceField(
        label="Incoming calls go to",
        choices=[("url", "A web address"), ("application", "An application"), ("trunk", "A SIP trunk")],
        widget=forms.RadioSelect,
    )
    voice_url = UrlField(label="When a call comes in", required=False)
    voice_method = forms.ChoiceField(label="Method", choices=METHODS)
    voice_fallback_url = UrlField(
        label="When that address fails",
        required=False,
        help_text="Asked when the first one gives no usable answer.",
    )
    voice_fallback_method = forms.ChoiceField(label="Method", choices=METHODS)
    voice_application_sid = forms.ChoiceField(label="Application", required=False)
    trunk_sid = TrunkField(
        label="Trunk SID",
        required=False,
        max_length=34,
        help_text="TK and 32 letters or digits, from Elastic SIP Trunking in Twilio Console.",
    )
    status_callback = UrlField(
        label="Tell this address about call status", required=False, help_text="Asked when a call ends."
    )
    status_callback_method = forms.ChoiceField(label="Method", choices=METHODS)
    voice_caller_id_lookup = forms.BooleanField(
        label="Look up callers' names", required=False, help_text="Twilio charges $0.01 for each look-up."
    )

    sms_route = forms.ChoiceField(
        label="Incoming messages go to",
        choices=[("url", "A web address"), ("application", "An application")],
        widget=forms.RadioSelect,
    )
    sms_url = UrlField(label="When a message comes in", required=False)
    sms_method = forms.ChoiceField(label="Method", choices=METHODS)
    sms_fallback_url = UrlField(
        label="When that address fails",
        required=False,
        help_text="Asked when the first one gives no usable answer.",
    )
    sms_fallback_method = forms.ChoiceField(label="Method", choices=METHODS)
    sms_application_sid = forms.ChoiceField(label="Application", required=False)

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Kept with the change, for whoever asks later.",
    )

    def __init__(self, *args: Any, number: PhoneNumber, **kwargs: Any) -> None:
        self.number = number
        configuration = configuration_of(number.payload)
        kwargs["initial"] = {
            **configuration,
            "voice_route": _voice_route(configuration),
            "sms_route": _sms_route(configuration),
            "form_key": uuid.uuid4(),
            "opened_with": configuration,
        }
        super().__init__(*args, **kwargs)
        applications = Application.objects.present().filter(account_id=number.account_id)
        names = {app.pk: str(app) for app in applications.only("friendly_name")}
        for name in ("voice_application_sid", "sms_application_sid"):
            held = configuration[name]
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            # One that is not mirrored yet may stay.
            offered = names if held in names or not held else {**names, held: held}
            field.choices = [("", "Choose an application"), *offered.items()]
        # What the page does not ask about, a sent form says nothing about, and nothing becomes of it.
        unasked = (
            *(_ABOUT_CALLS if not number.voice else ()),
            *(_ABOUT_MESSAGES if not (number.sms or number.mms) else ()),
        )
        for name in unasked:
            del self.fields[name]

    def clean_opened_with(self) -> Mapping[str, Any]:
        opened_with = self.cleaned_data["opened_with"]
        if not isinstance(opened_with, dict) or not opened_with.keys() >= PROPERTIES.keys():
            raise forms.ValidationError("Open this page again: it did not come from Numberdesk as it is")
        return opened_with

    def clean_trunk_sid(self) -> str:
        sid: str = self.cleaned_data["trunk_sid"].strip()
        if sid and not re.fullmatch(r"TK[0-9a-fA-F]{32}", sid):
            raise forms.ValidationError("Enter a trunk SID: TK and 32 letters or digits")
        return sid

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        held = configuration_of(self.number.payload)
        for name, field in self.fields.items():
            typed = cleaned.get(name)
            # What stands at Twilio already may stay, http:// and all; only what is new is judged.
            if (
                isinstance(field, UrlField)
                and typed
                and typed != held[name]
                and (fault := fault_of_url(typed))
            ):
                self.add_error(name, fault)
        needed = {
            ("voice_route", "application"): (
                "voice_application_sid",
                "Choose the application that answers calls",
            ),
            ("voice_route", "trunk"): ("trunk_sid", "Enter the SID of the SIP trunk"),
            ("sms_route", "application"): (
                "sms_application_sid",
                "Choose the application that takes messages",
            ),
        }
        for (route, choice), (needs, words) in needed.items():
            if cleaned.get(route) == choice and needs not in self.errors and not cleaned.get(needs):
                self.add_error(needs, words)
        for fallback, primary, sentence in (
            ("voice_fallback_url", "voice_url", "Enter the address for calls first: a fallback needs one"),
            ("sms_fallback_url", "sms_url", "Enter the address for messages first: a fallback needs one"),
        ):
            is_new = cleaned.get(fallback) != held[fallback] or cleaned.get(primary) != held[primary]
            if cleaned.get(fallback) and not cleaned.get(primary) and is_new and primary not in self.errors:
                self.add_error(fallback, sentence)
        return cleaned

    def wanted(self) -> Mapping[str, Any]:
        """The configuration to ask of Twilio, by Twilio's property names."""
        cleaned = self.cleaned_data
        wanted = {name: cleaned[name] for name in self.as_opened if name in cleaned}
        route = cleaned.get("voice_route")
        if route:
            wanted["trunk_sid"] = cleaned["trunk_sid"] if route == "trunk" else ""
            wanted["voice_application_sid"] = (
                cleaned["voice_application_sid"] if route == "application" else ""
            )
        if cleaned.get("sms_route"):
            application = cleaned["sms_application_sid"] if cleaned["sms_route"] == "application" else ""
            wanted["sms_application_sid"] = application
        return wanted

    def renew(self, number: PhoneNumber | None = None) -> None:
        """Make the same form fit to be sent again: on top of what the number is now, if that is given.

        What was not touched on it becomes what it is now, so that nobody's change is put back unseen.
        """
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["form_key"] = str(uuid.uuid4())
        if number:
            now, opened_with = configuration_of(number.payload), self.as_opened
            untouched = {name for name, value in self.wanted().items() if value == opened_with[name]}
            for name in untouched:
                data[name] = now[name]
            if untouched.issuperset({"trunk_sid", "voice_application_sid"}):
                data["voice_route"] = _voice_route(now)
            if "sms_application_sid" in untouched:
                data["sms_route"] = _sms_route(now)
            data["opened_with"] = json.dumps(now)
        self.data = data

    @property
    def as_opened(self) -> Mapping[str, Any]:
        """The configuration as it was when the form was opened."""
        opened_with: Mapping[str, Any] = self.cleaned_data["opened_with"]
        return {name: opened_with[name] for name in PROPERTIES}


def _voice_route(configuration: Mapping[str, Any]) -> str:
    if configuration["trunk_sid"]:
        return "trunk"
    return "application" if configuration["voice_application_sid"] else "url"


def _sms_route(configuration: Mapping[str, Any]) -> str:
    return "application" if configuration["sms_application_sid"] else "url"


class NumberAnnotationForm(PortalForm):
    """Whose a number is. Ours alone: Twilio is not told."""

    owner = forms.CharField(label="Owner", required=False, max_length=100, help_text="A person or a team.")
    cost_centre = forms.CharField(label="Cost centre", required=False, max_length=60)
    tags = forms.CharField(
        label="Tags",
        required=False,
        max_length=400,
        help_text="Separated by commas, for example: reception, berlin.",
    )

    def clean_tags(self) -> list[str]:
        tags = {tag.strip().lower() for tag in self.cleaned_data["tags"].split(",")} - {""}
        if long := [tag for tag in tags if len(tag) > 40]:
            raise forms.ValidationError(f"Shorten the tag “{long[0][:50]}” to 40 characters")
        return sorted(tags)
