"""Form fields for what a regulation asks for, whatever it calls it. A kind nobody knows is a line of text."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import phonenumbers
from django import forms
from django.core.validators import validate_email

from compliance.regulations.words import choice_name
from compliance.requirements import Field, in_sentence
from portal.numbering import country_name, read_number

# More values than these are a list to open, not a column to read.
_MOST_RADIOS = 7
_WIDGET = "compliance/guided/_field.html"
_NO_HELP = {"autocomplete": "off", "spellcheck": "false"}


def input_name(machine_name: str) -> str:
    """A regulation's name of a field as the name and part of the id of an input: letters, digits and _."""
    return re.sub(r"[^A-Za-z0-9_]", "_", machine_name)


class DayMonthYear(forms.MultiWidget):
    """A date as three short inputs; no calendar is needed, and none is in the way (UX-23)."""

    template_name = "compliance/guided/_date.html"
    use_fieldset = True

    def __init__(self) -> None:
        parts = {"day": 2, "month": 2, "year": 4}
        super().__init__(
            {
                name: forms.TextInput(attrs={"inputmode": "numeric", "maxlength": size, **_NO_HELP})
                for name, size in parts.items()
            }
        )

    def decompress(self, value: Any) -> list[str]:
        try:
            day = date.fromisoformat(str(value or "")[:10])
        except ValueError:
            return ["", "", ""]
        return [str(day.day), str(day.month), str(day.year)]

    def id_for_label(self, id_: str | None) -> str:
        return f"{id_}_day" if id_ else ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        for part, widget in zip(("Day", "Month", "Year"), context["widget"]["subwidgets"], strict=True):
            widget["label"] = part
            if attrs and attrs.get("id"):
                widget["attrs"]["id"] = f"{attrs['id']}_{part.lower()}"
        return context


class DayField(forms.Field):
    """A day, cleaned to `YYYY-MM-DD`, which is how regulations want it."""

    widget = DayMonthYear

    def __init__(self, *, what: str, earliest: date | None, latest: date | None, **kwargs: Any) -> None:
        self.what, self.earliest, self.latest = what, earliest, latest
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        parts = [str(part or "").strip() for part in (value or ["", "", ""])]
        if not any(parts):
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], "required")
            return ""
        missing = [name for name, part in zip(("day", "month", "year"), parts, strict=True) if not part]
        if missing:
            raise forms.ValidationError(f"{self.what} must include a {' and a '.join(missing)}", "incomplete")
        try:
            day = date(*(int(part) for part in reversed(parts)))
        except ValueError:
            raise forms.ValidationError(f"{self.what} must be a real date", "invalid") from None
        if self.earliest and day < self.earliest:
            raise forms.ValidationError(f"{self.what} must be {said(self.earliest)} or later", "early")
        if self.latest and day > self.latest:
            raise forms.ValidationError(f"{self.what} must be {said(self.latest)} or earlier", "late")
        return day.isoformat()


class PhoneField(forms.CharField):
    """A phone number in any spelling, cleaned to E.164; what was typed is shown again as it was typed."""

    def __init__(self, *, what: str, country: str, **kwargs: Any) -> None:
        self.what, self.country = what, country
        widget = forms.TextInput(attrs={"inputmode": "tel", **_NO_HELP})
        super().__init__(widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        number = read_number(text) or read_number(text, country=self.country or None)
        if number is None:
            raise forms.ValidationError(
                f"Enter {in_sentence(self.what)} with its country code, like +44 20 7946 0018", "invalid"
            )
        return number


class WebAddressField(forms.CharField):
    """A web address; one without a scheme is meant as https."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        return (
            f"https://{text}" if text and not re.match(r"[a-z][a-z0-9+.-]*:", text, re.IGNORECASE) else text
        )


class LinesField(forms.CharField):
    """Several values, one a line, cleaned to a list."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(one) for one in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text: str = super().clean(value)
        return [line.strip() for line in text.splitlines() if line.strip()]


class AddressesField(forms.MultipleChoiceField):
    """One of our addresses, cleaned to the list of sids that Twilio wants."""

    widget = forms.RadioSelect

    def prepare_value(self, value: Any) -> Any:
        return value[0] if isinstance(value, list) and value else value

    def to_python(self, value: Any) -> list[str]:
        return [str(value)] if value and not isinstance(value, list) else list(value or [])


def make_field(
    field: Field,
    *,
    country: str = "",
    addresses: Sequence[tuple[str, str]] = (),
    max_age_months: int | None = None,
    today: date,
) -> forms.Field:
    """The form's field for one of a regulation's. Whether its value is right is `Field.fault`'s to say."""
    kind = "choice" if field.choices else field.kind
    about: dict[str, Any] = {
        "label": field.label,
        "required": not field.is_optional,
        "help_text": field.hint,
        "error_messages": {"required": f"{_VERBS.get(kind, 'Enter')} {in_sentence(field.label)}"},
        "template_name": _WIDGET,
    }
    made = _make(field, kind, about, country, addresses, max_age_months, today)
    made.machine_name = field.name  # type: ignore[attr-defined]
    return made


_VERBS: Mapping[str, str] = {"choice": "Choose", "country": "Choose", "addresses": "Choose"}


def _make(
    field: Field,
    kind: str,
    about: dict[str, Any],
    country: str,
    addresses: Sequence[tuple[str, str]],
    max_age_months: int | None,
    today: date,
) -> forms.Field:
    if field.equals and kind != "addresses":
        about["help_text"] = f"{about['help_text']} Exactly as for the end user.".strip()
    match kind:
        case "choice":
            return _choice(field, about)
        case "date":
            return _day(field, about, max_age_months, today)
        case "phone":
            about["help_text"] = "With its country code, in any spelling."
            return PhoneField(what=field.label, country=country, **about)
        case "url":
            about["help_text"] = about["help_text"] or "For example https://www.example.com."
            return WebAddressField(widget=forms.TextInput(attrs={"inputmode": "url", **_NO_HELP}), **about)
        case "email":
            message = "Enter an e-mail address like name@example.com"
            widget = forms.TextInput(attrs={"inputmode": "email", **_NO_HELP})
            return EmailField(message, widget=widget, **about)
        case "country":
            about["help_text"] = ""
            named = sorted((country_name(iso), iso) for iso in phonenumbers.SUPPORTED_REGIONS)
            choices = [("", "Choose a country"), *((iso, name) for name, iso in named)]
            return forms.ChoiceField(choices=choices, **about)
        case "list":
            about["help_text"] = f"{about['help_text']} One a line.".strip()
            return LinesField(widget=forms.Textarea(attrs={"rows": 3, **_NO_HELP}), **about)
        case "addresses":
            about["label"], about["help_text"] = "Address", "As the document shows it."
            about["error_messages"] = {
                "required": "Choose the address",
                "invalid_choice": "Choose the address",
            }
            return AddressesField(choices=list(addresses), **about)
        case "long":
            about["help_text"] = f"{about['help_text']} {_limit(field)}".strip()
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}), **about)
        case _:
            widget = forms.TextInput(attrs=_NO_HELP)
            return forms.CharField(widget=widget, **about)


class EmailField(forms.CharField):
    """An e-mail address, judged by its shape alone."""

    def __init__(self, message: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.message = message

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text:
            try:
                validate_email(text)
            except forms.ValidationError:
                raise forms.ValidationError(self.message, "invalid") from None
        return text


def _choice(field: Field, about: dict[str, Any]) -> forms.Field:
    choices = [(value, choice_name(value)) for value in field.choices]
    about["error_messages"]["invalid_choice"] = about["error_messages"]["required"]
    if len(choices) <= _MOST_RADIOS:
        if field.is_optional:
            choices.append(("", "Leave it out"))
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **about)
    return forms.ChoiceField(choices=[("", "Choose one"), *choices], **about)


def _day(field: Field, about: dict[str, Any], max_age_months: int | None, today: date) -> forms.Field:
    """With the first and last day that make sense: a birth is past, an ID valid, a bill recent."""
    earliest, latest, hint = None, None, "For example 27 3 2024."
    if "birth" in field.name:
        latest, hint = today, "For example 27 3 1985."
    elif field.name.startswith(("issue", "issued")):
        latest = today
        if max_age_months:
            earliest = months_before(today, max_age_months)
            hint = f"{said(earliest)} or later: it may be {max_age_months} months old at most."
    elif field.name.startswith(("expir", "valid")):
        earliest, hint = today, f"{said(today)} or later: it must still be valid."
    about["help_text"] = hint
    return DayField(what=field.label, earliest=earliest, latest=latest, **about)


def months_before(day: date, months: int) -> date:
    """The same day some months before, or the last one of that month."""
    index = day.year * 12 + day.month - 1 - months
    for last in range(day.day, 27, -1):
        try:
            return date(index // 12, index % 12 + 1, last)
        except ValueError:
            continue
    return date(index // 12, index % 12 + 1, day.day)


def said(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _limit(field: Field) -> str:
    return f"Up to {field.max_length} characters." if field.max_length else ""


def day_words(value: str) -> str:
    """`3 November 2026` for 2026-11-03; what is no date stays as it is."""
    try:
        return said(date.fromisoformat(value))
    except ValueError:
        return value
