import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from inventory import labels
from inventory.buying.kinds import Kind
from inventory.buying.needs import AddressesHeld
from inventory.buying.patterns import Pattern
from inventory.buying.search import NORTH_AMERICA, NORTH_AMERICAN, PLACES, Search
from inventory.buying.use_cases import USE_CASES
from inventory.models import Cart, ConfigurationPreset
from portal.forms import PortalForm
from portal.numbering import read_number

_WITHOUT = [
    ("all", "that need an address of any kind"),
    ("local", "that need an address in the country"),
    ("foreign", "that need an address outside the country"),
]


def _ticks(label: str, choices: Sequence[tuple[str, str]]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class SearchForm(PortalForm):
    """The filters of one country and type. Those for the US and Canada are asked nowhere else."""

    pattern = forms.CharField(label="Pattern", required=False, max_length=40)
    can = _ticks("Can do", list(labels.CAPABILITIES.items()))
    without = _ticks("Leave out numbers", _WITHOUT)
    beta = forms.ChoiceField(
        label="Lifecycle",
        required=False,
        choices=[("", "All"), ("no", "Leave out beta numbers")],
        widget=forms.RadioSelect,
    )
    today = forms.BooleanField(label="Only what I can buy today", required=False)
    use = forms.ChoiceField(
        label="Use case",
        required=False,
        choices=[("", "Any"), *((name, case.title) for name, case in USE_CASES.items())],
        widget=forms.RadioSelect,
    )
    used_for = _ticks("Used for", [("voice", "Calls"), ("sms", "Messages")])
    in_locality = forms.CharField(label="City", required=False, max_length=60)
    area_code = forms.CharField(label="Area code", required=False, max_length=3)
    in_region = forms.CharField(label="State or province", required=False, max_length=20)
    in_postal_code = forms.CharField(label="Postal code", required=False, max_length=20)
    in_lata = forms.CharField(label="LATA", required=False, max_length=20)
    in_rate_center = forms.CharField(label="Rate center", required=False, max_length=20)
    near_number = forms.CharField(label="Near the number", required=False, max_length=24)
    near_lat_long = forms.CharField(label="Near latitude, longitude", required=False, max_length=40)
    distance = forms.IntegerField(
        label="Within miles",
        required=False,
        error_messages={"invalid": "Enter a whole number of miles, up to 500"},
    )

    def __init__(self, data: QueryDict, *, country: str, number_type: str) -> None:
        super().__init__(data)
        self.country, self.number_type = country, number_type
        if country not in NORTH_AMERICA:
            for name in NORTH_AMERICAN:
                del self.fields[name]

    def clean_pattern(self) -> str:
        text: str = self.cleaned_data["pattern"].strip()
        if text:
            try:
                Pattern.read(text)
            except ValueError as fault:
                raise forms.ValidationError(str(fault)) from None
        return text

    def clean_area_code(self) -> str:
        code: str = self.cleaned_data["area_code"].strip()
        if code and not re.fullmatch(r"[2-9][0-9]{2}", code):
            raise forms.ValidationError("Enter an area code of three digits, such as 415")
        return code

    def clean_near_number(self) -> str:
        text: str = self.cleaned_data["near_number"].strip()
        if not text:
            return ""
        number = read_number(text, country=self.country)
        if number is None or not number.startswith("+1"):
            raise forms.ValidationError("Enter a number of the US or Canada, such as +1 415 555 0100")
        return number

    def clean_near_lat_long(self) -> str:
        text: str = re.sub(r"\s", "", self.cleaned_data["near_lat_long"])
        parts = text.split(",")
        try:
            latitude, longitude = (float(part) for part in parts)
        except ValueError:
            latitude, longitude = 999.0, 999.0
        if text and not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise forms.ValidationError("Enter latitude and longitude, such as 37.84,-122.46")
        return text

    def clean_distance(self) -> int | None:
        miles: int | None = self.cleaned_data["distance"]
        if miles is not None and not 1 <= miles <= 500:
            raise forms.ValidationError("Enter a distance from 1 to 500 miles")
        return miles

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("in_rate_center") and not cleaned.get("in_lata"):
            self.add_error("in_lata", "Enter the LATA too: Twilio finds a rate center within one only")
        if cleaned.get("near_number") and cleaned.get("near_lat_long"):
            self.add_error("near_lat_long", "Enter one of them: near a number, or near a place")
        centers = ("near_number", "near_lat_long")
        is_near = any(cleaned.get(name) or name in self.errors for name in centers)
        if cleaned.get("distance") and not is_near:
            self.add_error("distance", "Say near which number or place: the distance is from there")
        return cleaned

    def search(self, addresses: AddressesHeld) -> Search:
        """What to look for. `addresses` narrow it where only what can be bought today is wanted."""
        cleaned = self.cleaned_data
        places = {name: str(cleaned[name]).strip() for name in PLACES if cleaned.get(name) not in (None, "")}
        return Search(
            country=self.country,
            number_type=self.number_type,
            pattern=cleaned["pattern"],
            can=tuple(cleaned["can"]),
            exclude=tuple(cleaned["without"]),
            unmet=addresses.exclusions(self.country) if cleaned["today"] else (),
            without_beta=cleaned["beta"] == "no",
            places=places,
            use_case=cleaned["use"],
            used_for=tuple(cleaned["used_for"]),
        )


class CartForm(PortalForm):
    """How the numbers of a cart are to be bought: papers for each kind, and what all of them share."""

    template_name = "inventory/cart_form.html"

    name_pattern = forms.CharField(
        label="Name",
        required=False,
        max_length=64,
        help_text="{number} becomes the number, {national} its national format, {place} its city. Left "
        "empty, Twilio names each number after itself.",
        error_messages={"max_length": "Shorten the name to 64 characters"},
    )
    preset = forms.ModelChoiceField(
        ConfigurationPreset.objects.none(),
        label="Configuration",
        required=False,
        empty_label="None: configure the numbers later",
        help_text="A preset sets where calls and messages go, and whose the numbers are.",
    )

    def __init__(self, *args: Any, cart: Cart, kinds: Sequence[Kind], **kwargs: Any) -> None:
        kwargs["initial"] = {"name_pattern": cart.name_pattern, "preset": cart.preset_id}
        super().__init__(*args, **kwargs)
        presets = ConfigurationPreset.objects.filter(account=cart.account_id)
        presets |= ConfigurationPreset.objects.filter(account=None)
        preset = self.fields["preset"]
        assert isinstance(preset, forms.ModelChoiceField)
        preset.queryset = presets.order_by("name")
        self.kinds = kinds
        for kind in kinds:
            if kind.addresses is not None:
                self.fields[kind.address_field] = forms.ChoiceField(
                    label="Address",
                    choices=[("", "Choose an address"), *kind.addresses],
                    initial=kind.address_sid,
                    help_text=kind.address_words,
                    error_messages={
                        "required": f"Choose an address for {kind}",
                        "invalid_choice": f"Choose an address for {kind}",
                    },
                )
            if kind.takes_bundle:
                none = "Choose a bundle" if kind.bundle.asked_for else "None"
                self.fields[kind.bundle_field] = forms.ChoiceField(
                    label="Bundle",
                    choices=[("", none), *kind.bundle.held],
                    initial=kind.bundle_sid,
                    required=bool(kind.bundle.asked_for),
                    help_text=kind.bundle_words,
                    error_messages={
                        "required": f"Choose a bundle for {kind}",
                        "invalid_choice": f"Choose a bundle for {kind}",
                    },
                )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        filled_in = {"number", "national", "place"}
        if unknown := set(re.findall(r"\{(.*?)\}", cleaned.get("name_pattern") or "")) - filled_in:
            words = f"Use {{number}}, {{national}} or {{place}}, not {{{min(unknown)}}}"
            self.add_error("name_pattern", words)
        return cleaned

    def papers(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """Address and bundle by country and type; "" where none is wanted."""
        return {
            (kind.country, kind.number_type): (
                self.cleaned_data.get(kind.address_field, ""),
                self.cleaned_data.get(kind.bundle_field, ""),
            )
            for kind in self.kinds
        }
