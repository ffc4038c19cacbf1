"""The forms of the guided way: the new bundle, and whatever a regulation asks for of an item."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils import timezone

from compliance.guided.fields import EmailField, input_name, make_field
from compliance.models import Regulation
from compliance.requirements import Field, in_sentence
from portal import files
from portal.forms import PortalForm
from portal.models import Purpose, StoredFile, TwilioAccount, User
from portal.numbering import country_name
from portal.secrets import CannotDecrypt
from portal.uploads.check import CheckedFile
from portal.uploads.fields import CheckedFileField
from portal.urls_from_staff import UrlField, fault_of_url

FILE = "the-file"  # a regulation's fields have no hyphen in their input's name
Judge = Callable[[Mapping[str, Any]], Mapping[str, str]]
_EMAIL = "Enter an e-mail address like name@example.com"


class PlaceForm(PortalForm):
    """For which account and country: what can be chosen next depends on both."""

    account = forms.ChoiceField(label="Account", help_text="A bundle serves the numbers of its own account.")
    country = forms.ChoiceField(label="Country", help_text="Countries whose numbers take a bundle.")

    def __init__(
        self, *args: Any, accounts: Sequence[TwilioAccount], countries: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        account, country = self.fields["account"], self.fields["country"]
        assert isinstance(account, forms.ChoiceField)
        assert isinstance(country, forms.ChoiceField)
        account.choices = [(one.pk, str(one)) for one in accounts]
        named = sorted((country_name(iso), iso) for iso in countries)
        country.choices = [("", "Choose a country"), *((iso, name) for name, iso in named)]
        account.error_messages["required"] = account.error_messages["invalid_choice"] = "Choose an account"
        country.error_messages["required"] = country.error_messages["invalid_choice"] = "Choose a country"


class BundleForm(PortalForm):
    """A new bundle, for one of the regulations of a country that are in force."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    regulation = forms.ChoiceField(
        label="Which numbers, and for whom?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose the type of number and end user",
            "invalid_choice": "Choose the type of number and end user again: the regulations have changed",
        },
    )
    friendly_name = forms.CharField(
        label="Name",
        required=False,
        max_length=200,
        help_text="Twilio and your colleagues see it; the customer's name is a good one. "
        "Left empty, it is called after the regulation.",
    )
    email = EmailField(
        _EMAIL,
        label="Contact e-mail",
        help_text="Twilio writes to it about the review.",
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "email", "spellcheck": "false"}),
    )
    is_test = forms.BooleanField(
        label="This is a test",
        required=False,
        help_text="Twilio rejects a test bundle as soon as it is submitted. No number can use it.",
    )

    def __init__(self, *args: Any, regulations: Sequence[Regulation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_sid = {one.pk: one for one in regulations}
        field = self.fields["regulation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.pk, str(one)) for one in regulations]

    @property
    def chosen(self) -> Regulation:
        return self.by_sid[self.cleaned_data["regulation"]]

    def renew(self) -> None:
        self.data = renewed(self.data)


class ContactForm(PortalForm):
    """What Twilio keeps of a bundle besides its items."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    friendly_name = forms.CharField(label="Name", max_length=200)
    email = EmailField(
        _EMAIL,
        label="Contact e-mail",
        help_text="Twilio writes to it about the review.",
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "email", "spellcheck": "false"}),
    )
    status_callback = UrlField(
        label="Callback URL",
        required=False,
        help_text="Where Twilio tells of the review's steps. Numberdesk's own keeps this portal up to date; "
        "without one, it asks Twilio every few minutes.",
    )

    def clean_status_callback(self) -> str:
        url: str = self.cleaned_data["status_callback"]
        may_be_local = bool(settings.TWILIO_BASE_URL) and url == self.initial.get("own_callback")
        is_new = url and url != self.initial.get("status_callback") and not may_be_local
        if is_new and (fault := fault_of_url(url)):
            raise forms.ValidationError(fault)
        return url

    def wanted(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("friendly_name", "email", "status_callback")}

    def renew(self) -> None:
        self.data = renewed(self.data)


class DraftFileField(CheckedFileField):
    """A file that was kept stays with the bundle, for whoever goes on with it, until Twilio has it."""

    bundle_sid = ""
    also_of = ""  # a document whose file may be sent again

    def _kept(self, stored_id: str) -> CheckedFile | None:
        if stored := self.kept_file(stored_id):
            try:
                checked = files.checked_file(stored)
            except (files.NotThere, CannotDecrypt):
                pass
            else:
                self.widget.kept = stored
                # What belongs to another document is stored once more with the new one.
                return checked if stored.owner_sid == self.bundle_sid else replace(checked, stored_id="")
        raise forms.ValidationError(f"The {self.thing} was not kept. Select it again", "missing")

    def kept_file(self, stored_id: str) -> StoredFile | None:
        try:
            pk = uuid.UUID(stored_id)
        except ValueError:
            return None
        owners = [sid for sid in (self.bundle_sid, self.also_of) if sid]
        rows = StoredFile.objects.there().filter(owner_sid__in=owners, purpose=self.purpose)
        return rows.filter(pk=pk).first()


class ItemForm(PortalForm):
    """What a regulation asks for of an end user or a document, and the document's file.

    `judge` gets the cleaned values by the regulation's names and says what is wrong with which.
    """

    template_name = "compliance/guided/_item_fields.html"

    def __init__(
        self,
        data: Any = None,
        uploads: Mapping[str, "UploadedFile[bytes]"] | None = None,
        *,
        prefix: str,
        asked: Sequence[Field],
        judge: Judge,
        held: Mapping[str, Any],
        country: str = "",
        addresses: Sequence[tuple[str, str]] = (),
        max_age_months: int | None = None,
        file_of: str = "",
        needs_file: bool = True,
        bundle_sid: str = "",
        file_from: StoredFile | None = None,
    ) -> None:
        self.names = _input_names(asked)
        self.judge = judge
        super().__init__(
            data, uploads, prefix=prefix, initial={self.names[name]: held.get(name) for name in self.names}
        )
        today = timezone.now().date()
        for one in asked:
            field = make_field(
                one, country=country, addresses=addresses, max_age_months=max_age_months, today=today
            )
            field.max_length = one.max_length  # type: ignore[attr-defined]
            self.fields[self.names[one.name]] = field
        if file_of:
            upload = DraftFileField(Purpose.COMPLIANCE, in_sentence(file_of), required=needs_file)
            upload.is_optional = not needs_file
            upload.template_name = "compliance/guided/_field.html"  # type: ignore[attr-defined]
            upload.label = "File"
            upload.bundle_sid = bundle_sid
            if file_from:
                upload.also_of = file_from.owner_sid
                upload.widget.kept = None if self.is_bound else file_from
            self.fields[FILE] = upload

    @property
    def machine_names(self) -> list[tuple[str, str]]:
        """What Twilio calls each field, for whoever has to speak to its support."""
        return [(str(self.fields[key].label), name) for name, key in self.names.items()]

    @property
    def kept_file(self) -> StoredFile | None:
        """What was uploaded here and waits for Twilio, to be looked at."""
        field = self.upload_field
        kept = field.widget.kept if field else None
        return kept if field and kept and kept.owner_sid == field.bundle_sid else None

    @property
    def upload_field(self) -> DraftFileField | None:
        field = self.fields.get(FILE)
        return field if isinstance(field, DraftFileField) else None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name, words in self.judge(self._cleaned_values(cleaned)).items():
            key = self.names.get(name)
            if key and key not in self.errors:
                self.add_error(key, words.removesuffix("."))
        return cleaned

    def _cleaned_values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        return {name: cleaned.get(key) for name, key in self.names.items()}

    @property
    def values(self) -> dict[str, Any]:
        """What was filled in, by the regulation's names."""
        found = self._cleaned_values(self.cleaned_data)
        return {name: value for name, value in found.items() if value not in (None, "", [])}

    @property
    def file(self) -> CheckedFile | None:
        found = self.cleaned_data.get(FILE)
        return found if isinstance(found, CheckedFile) else None

    def keep_file(self, *, account: TwilioAccount, user: User) -> str:
        """Keep the file that passed its checks, whatever becomes of the rest; its id, "" if there is none."""
        field, checked = self.upload_field, None
        if field is not None and hasattr(self, "cleaned_data"):
            checked = self.file
        if field is None or checked is None:
            return ""
        if field.widget.kept is None or field.widget.kept.owner_sid != field.bundle_sid:
            field.widget.kept = files.store(
                checked, account=account, uploaded_by=user, owner_sid=field.bundle_sid
            )
        return str(field.widget.kept.pk)

    def show_kept(self, stored_id: str) -> None:
        """Show the file that was kept when this was saved."""
        if stored_id and (field := self.upload_field):
            field.widget.kept = field.kept_file(stored_id)

    def show_unjudged(self) -> None:
        """What was typed, as it was typed, without a word on it."""
        self._errors = ErrorDict()
        self.cleaned_data = {}

    def point_out(self, problems: Mapping[str, str]) -> None:
        """Show what is held as if it had been sent, with what is wrong with it beside each field."""
        self._errors = ErrorDict(renderer=self.renderer)
        self.cleaned_data = {}
        for name, words in problems.items():
            key = FILE if name == "file" else self.names.get(name)
            self.add_error(key if key in self.fields else None, words)


def typed_in(data: QueryDict, prefix: str) -> dict[str, list[str]]:
    """What a form with this prefix would read, to be kept as it is."""
    return {name: values for name, values in data.lists() if name.startswith(f"{prefix}-")}


def as_typed(kept: Mapping[str, Sequence[str]]) -> QueryDict:
    """The opposite of `typed_in`."""
    data = QueryDict(mutable=True)
    for name, values in kept.items():
        data.setlist(name, list(values))
    return data


def renewed(data: Any) -> QueryDict:
    """The same form, fit to be sent again after it was refused."""
    fresh = QueryDict(mutable=True)
    fresh.update(data)
    fresh["form_key"] = str(uuid.uuid4())
    return fresh


def _input_names(asked: Sequence[Field]) -> dict[str, str]:
    names: dict[str, str] = {}
    for one in asked:
        name, number = input_name(one.name), 2
        while name in names.values():
            name, number = f"{input_name(one.name)}_{number}", number + 1
        names[one.name] = name
    return names
