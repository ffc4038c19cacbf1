import uuid
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.http import QueryDict


class PortalFormRenderer(TemplatesSetting):
    """Forms and fields look one way everywhere: templates/forms/."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


class PortalForm(forms.Form):
    """A form whose fields say what is wrong in our words, without please, sorry or invalid (UX-30)."""

    required_css_class = "is-required"
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            label = str(field.label or name.replace("_", " ")).strip()
            if field.error_messages["required"] == forms.Field.default_error_messages["required"]:
                field.error_messages["required"] = f"Enter {label[:1].lower()}{label[1:]}"


class OnceForm(PortalForm):
    """A form that is carried out once, however often it is sent."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def renew(self, **values: str) -> None:
        """Make it fit to be sent again after it came to nothing, with these values instead of those sent."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["form_key"] = str(uuid.uuid4())
        for name, value in values.items():
            data[name] = value
        self.data = data
