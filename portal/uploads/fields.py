"""A form's field for one file. What passed its checks stays with the form when something else is refused.

A form with such a field is multipart, and its view calls two functions: `bind_files(form, …)` before it is
validated, and `keep_files(form)` before it is shown again with 422.
"""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from portal import files
from portal.models import Purpose, StoredFile, TwilioAccount, User
from portal.secrets import CannotDecrypt
from portal.uploads.check import CheckedFile, Refused, check

_ACCEPTED = "image/jpeg,image/png,application/pdf,.jpg,.jpeg,.png,.pdf"


class CheckedFileInput(forms.FileInput):
    """Choose a file, or leave the one that was kept. Its value is an upload or the kept file's id."""

    template_name = "forms/checked_file.html"

    def __init__(self, purpose: Purpose) -> None:
        super().__init__(attrs={"accept": _ACCEPTED, "data-most-bytes": purpose.most_bytes})
        self.kept: StoredFile | None = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return super().value_from_datadict(data, files, name) or data.get(f"{name}-kept")

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        if self.kept:
            context["kept"] = {
                "id": self.kept.pk,
                "name": self.kept.name,
                "size": filesizeformat(self.kept.size),
            }
        return context


class CheckedFileField(forms.FileField):
    """A JPG, PNG or PDF that passes `portal.uploads.check`, cleaned to a CheckedFile.

    `thing` is what staff call it, without an article: "utility bill" makes "The utility bill is empty".
    """

    is_optional = False  # a file that may be absent says so in its hint
    widget: CheckedFileInput

    def __init__(self, purpose: Purpose, thing: str, **kwargs: Any) -> None:
        self.purpose, self.thing = purpose, thing
        self.keeper: tuple[TwilioAccount, User] | None = None
        kwargs.setdefault("label", thing[:1].upper() + thing[1:])
        limits = f"JPG, PNG or PDF, smaller than {purpose.most_bytes // 1024 // 1024} MB."
        kwargs["help_text"] = f"{kwargs.get('help_text', '')} {limits}".strip()
        missing = f"Select the {thing}"
        kwargs["error_messages"] = {
            "required": missing,
            "missing": missing,
            "invalid": missing,
            "empty": f"The {thing} is empty",
        } | kwargs.get("error_messages", {})
        super().__init__(widget=CheckedFileInput(purpose), allow_empty_file=True, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> CheckedFile | None:
        if isinstance(data, str):
            return self._kept(data)
        upload = cast("UploadedFile[bytes] | None", super().clean(data, initial))
        if upload is None:
            return None
        if (upload.size or 0) > self.purpose.most_bytes:
            raise forms.ValidationError(f"The {self.thing} must be smaller than {self._most} MB", "too_large")
        try:
            return check(upload.name or "", upload.read(), self.purpose)
        except Refused as refusal:
            raise forms.ValidationError(
                refusal.sentence(self.thing, self.purpose), refusal.reason.value
            ) from None

    @property
    def _most(self) -> int:
        return self.purpose.most_bytes // 1024 // 1024

    def _kept(self, stored_id: str) -> CheckedFile | None:
        """What this person handed in a moment ago, for this account and purpose."""
        stored = None
        if self.keeper:
            account, user = self.keeper
            try:
                pk = UUID(stored_id)
            except ValueError:
                raise forms.ValidationError(self.error_messages["missing"], "missing") from None
            rows = StoredFile.objects.unclaimed().filter(account=account, uploaded_by=user)
            stored = rows.filter(pk=pk, purpose=self.purpose).first()
        if stored:
            try:
                checked = files.checked_file(stored)
            except (files.NotThere, CannotDecrypt):
                pass
            else:
                self.widget.kept = stored
                return checked
        raise forms.ValidationError(f"The {self.thing} was not kept. Select it again", "missing")


def bind_files(form: forms.BaseForm, *, account: TwilioAccount, user: User) -> None:
    """Say for whom files are kept, in every file field of the form."""
    for field in form.fields.values():
        if isinstance(field, CheckedFileField):
            field.keeper = account, user


def keep_files(form: forms.BaseForm) -> None:
    """Keep what passed its checks, so that the form can be sent again without choosing it again."""
    for name, field in form.fields.items():
        checked = form.cleaned_data.get(name) if hasattr(form, "cleaned_data") else None
        if not (isinstance(field, CheckedFileField) and field.keeper and isinstance(checked, CheckedFile)):
            continue
        if not field.widget.kept:
            account, user = field.keeper
            field.widget.kept = files.store(checked, account=account, uploaded_by=user)
