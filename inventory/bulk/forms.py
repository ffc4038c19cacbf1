from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from inventory.bulk.change import LONGEST_NAME, Change
from inventory.forms import METHODS, TrunkField
from inventory.models import Application, ConfigurationPreset
from portal.forms import PortalForm
from portal.models import TwilioAccount
from portal.urls_from_staff import UrlField, fault_of_url

# What can be changed, each with the fields that belong to it.
PARTS: Mapping[str, tuple[str, ...]] = {
    "name": ("friendly_name",),
    "calls": (
        "voice_route", "voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method",
        "voice_application_sid", "trunk_sid",
    ),
    "status": ("status_callback", "status_callback_method"),
    "lookup": ("voice_caller_id_lookup",),
    "messages": (
        "sms_route", "sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method",
        "sms_application_sid",
    ),
    "owner": ("owner",),
    "cost_centre": ("cost_centre",),
    "tags": ("add_tags", "remove_tags"),
}  # fmt: skip
PART_NAMES = {
    "name": "Name",
    "calls": "Where calls go",
    "status": "Call status changes",
    "lookup": "Look-up of callers' names",
    "messages": "Where messages go",
    "owner": "Owner",
    "cost_centre": "Cost centre",
    "tags": "Tags",
}
_WAYS = {
    "voice_route": [("url", "A web address"), ("application", "An application"), ("trunk", "A SIP trunk")],
    "sms_route": [("url", "A web address"), ("application", "An application")],
}
_YES_NO = [("yes", "Yes"), ("no", "No")]


def _method() -> forms.ChoiceField:
    return forms.ChoiceField(label="Method", choices=METHODS, required=False)


def _fallback() -> UrlField:
    return UrlField(
        label="When that address fails", required=False, help_text="Left empty, no fallback is asked."
    )


class ChangeForm(PortalForm):
    """What to set on many numbers: parts are ticked, and what is not ticked stays as it is."""

    template_name = "inventory/change_form.html"

    what = forms.MultipleChoiceField(
        choices=list(PART_NAMES.items()), error_messages={"required": "Tick what to change"}
    )
    friendly_name = forms.CharField(
        label="New name",
        required=False,
        max_length=LONGEST_NAME,
        help_text="{number} becomes the number itself, {national} its national format. Left empty, "
        "Twilio names the number after itself.",
    )
    voice_route = forms.ChoiceField(
        label="Incoming calls go to",
        choices=_WAYS["voice_route"],
        widget=forms.RadioSelect,
        required=False,
    )
    voice_url = UrlField(label="When a call comes in", required=False)
    voice_method = _method()
    voice_fallback_url = _fallback()
    voice_fallback_method = _method()
    voice_application_sid = forms.ChoiceField(label="Application", required=False)
    trunk_sid = TrunkField(
        label="Trunk SID",
        required=False,
        max_length=34,
        help_text="TK and 32 letters or digits, from Elastic SIP Trunking in Twilio Console.",
    )
    status_callback = UrlField(
        label="Tell this address about call status", required=False, help_text="Left empty, none is told."
    )
    status_callback_method = _method()
    voice_caller_id_lookup = forms.ChoiceField(
        label="Look up callers' names",
        choices=_YES_NO,
        widget=forms.RadioSelect,
        required=False,
        help_text="Twilio charges $0.01 for each look-up.",
    )
    sms_route = forms.ChoiceField(
        label="Incoming messages go to",
        choices=_WAYS["sms_route"],
        widget=forms.RadioSelect,
        required=False,
    )
    sms_url = UrlField(label="When a message comes in", required=False)
    sms_method = _method()
    sms_fallback_url = _fallback()
    sms_fallback_method = _method()
    sms_application_sid = forms.ChoiceField(label="Application", required=False)
    owner = forms.CharField(
        label="Owner", required=False, max_length=100, help_text="Left empty, the numbers have no owner."
    )
    cost_centre = forms.CharField(
        label="Cost centre", required=False, max_length=60, help_text="Left empty, they have none."
    )
    add_tags = forms.CharField(
        label="Add tags", required=False, max_length=400, help_text="Separated by commas."
    )
    remove_tags = forms.CharField(label="Remove tags", required=False, max_length=400)

    def __init__(self, *args: Any, account_sids: Iterable[str], change: Change, **kwargs: Any) -> None:
        kwargs["initial"] = {**initial_of(change), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        sids = list(account_sids)
        applications = Application.objects.present().filter(account_id__in=sids).only("friendly_name")
        offered = [(app.pk, str(app)) for app in applications] if len(sids) == 1 else []
        self.has_applications = bool(offered)
        for name in ("voice_application_sid", "sms_application_sid"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "Choose an application"), *offered]
        if not offered:
            for name in ("voice_route", "sms_route"):
                route = self.fields[name]
                assert isinstance(route, forms.ChoiceField)
                route.choices = [way for way in _WAYS[name] if way[0] != "application"]

    @property
    def parts(self) -> list[tuple[str, str, bool]]:
        """Name, label and whether it is ticked, of each part."""
        ticked = self["what"].value() or ()
        return [(name, label, name in ticked) for name, label in PART_NAMES.items()]

    def clean_trunk_sid(self) -> str:
        sid: str = self.cleaned_data["trunk_sid"].strip()
        if sid and not (sid.startswith("TK") and len(sid) == 34 and sid.isalnum()):
            raise forms.ValidationError("Enter a trunk SID: TK and 32 letters or digits")
        return sid

    def clean_add_tags(self) -> list[str]:
        return _tags(self.cleaned_data["add_tags"])

    def clean_remove_tags(self) -> list[str]:
        return _tags(self.cleaned_data["remove_tags"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        ticked = cleaned.get("what", ())
        for part, names in PARTS.items():
            if part in ticked:
                self._clean_part(part, cleaned)
            else:  # what nobody asks for cannot be wrong
                for name in names:
                    self.errors.pop(name, None)
        return cleaned

    def _clean_part(self, part: str, cleaned: Mapping[str, Any]) -> None:
        def need(name: str, words: str) -> None:
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, words)

        def judge(*names: str) -> None:
            for name in names:
                if cleaned.get(name) and (fault := fault_of_url(cleaned[name])):
                    self.add_error(name, fault)

        match part:
            case "status":
                judge("status_callback")
            case "calls" | "messages":
                prefix = "voice" if part == "calls" else "sms"
                need(f"{prefix}_route", f"Choose where {part} go")
                match cleaned.get(f"{prefix}_route"):
                    case "url":
                        judge(f"{prefix}_url", f"{prefix}_fallback_url")
                        need(f"{prefix}_url", f"Enter the address that is asked about {part}")
                    case "application":
                        need(f"{prefix}_application_sid", f"Choose the application that takes {part}")
                    case "trunk":
                        need("trunk_sid", "Enter the SID of the SIP trunk")
            case "lookup":
                need("voice_caller_id_lookup", "Choose whether to look callers up")
            case "tags" if "add_tags" not in self.errors and "remove_tags" not in self.errors:
                if not (cleaned.get("add_tags") or cleaned.get("remove_tags")):
                    self.add_error("add_tags", "Enter a tag to add or to remove")
                elif both := set(cleaned.get("add_tags", ())) & set(cleaned.get("remove_tags", ())):
                    self.add_error("remove_tags", f"Add or remove “{min(both)}”, not both")

    def change(self) -> Change:
        """The change that was asked for. Only for a valid form."""
        cleaned = self.cleaned_data
        properties: dict[str, Any] = {}
        ours: dict[str, Any] = {}
        for part in cleaned["what"]:
            match part:
                case "calls" | "messages":
                    properties |= _route("voice" if part == "calls" else "sms", cleaned)
                case "lookup":
                    properties["voice_caller_id_lookup"] = cleaned["voice_caller_id_lookup"] == "yes"
                case "status":
                    properties["status_callback"] = cleaned["status_callback"]
                    properties["status_callback_method"] = cleaned["status_callback_method"] or "POST"
                case "name":
                    properties["friendly_name"] = cleaned["friendly_name"]
                case "tags":
                    ours |= {name: tuple(cleaned[name]) for name in PARTS["tags"]}
                case _:
                    ours[part] = cleaned[part]
        return Change(properties, **ours)


def _route(prefix: str, cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """What sends calls or messages one way. The addresses are kept where something else answers."""
    route = cleaned[f"{prefix}_route"]
    application = cleaned[f"{prefix}_application_sid"] if route == "application" else ""
    wanted = {f"{prefix}_application_sid": application}
    if prefix == "voice":
        wanted["trunk_sid"] = cleaned["trunk_sid"] if route == "trunk" else ""
    if route == "url":
        for name in (f"{prefix}_url", f"{prefix}_fallback_url"):
            wanted[name] = cleaned[name]
        for name in (f"{prefix}_method", f"{prefix}_fallback_method"):
            wanted[name] = cleaned[name] or "POST"
    return wanted


def initial_of(change: Change) -> dict[str, Any]:
    """What the form shows for a change that was made with it."""
    properties = change.properties
    initial: dict[str, Any] = dict(properties)
    what = [
        part for part in ("name", "status") if PARTS[part][0] in properties
    ]  # each known by its first field
    if "voice_caller_id_lookup" in properties:
        what.append("lookup")
        initial["voice_caller_id_lookup"] = "yes" if properties["voice_caller_id_lookup"] else "no"
    for part, prefix in (("calls", "voice"), ("messages", "sms")):
        if f"{prefix}_application_sid" in properties:
            what.append(part)
            routes = {"trunk": prefix == "voice" and properties.get("trunk_sid")}
            routes["application"] = properties[f"{prefix}_application_sid"]
            initial[f"{prefix}_route"] = next((name for name, held in routes.items() if held), "url")
    for name in ("owner", "cost_centre"):
        if (value := getattr(change, name)) is not None:
            what.append(name)
            initial[name] = value
    if change.add_tags or change.remove_tags:
        what.append("tags")
        initial["add_tags"] = ", ".join(change.add_tags)
        initial["remove_tags"] = ", ".join(change.remove_tags)
    return {**initial, "what": what}


def _tags(text: str) -> list[str]:
    tags = {tag.strip().lower() for tag in text.split(",")} - {""}
    if long := [tag for tag in tags if len(tag) > 40]:
        raise forms.ValidationError(f"Shorten the tag “{long[0][:50]}” to 40 characters")
    return sorted(tags)


class PresetForm(ChangeForm):
    """A preset: a name, for which account, and what it sets."""

    template_name = "inventory/preset_form.html"

    name = forms.CharField(
        label="Name of the preset", max_length=80, error_messages={"required": "Enter a name for the preset"}
    )
    account = forms.ChoiceField(
        label="For numbers of",
        required=False,
        help_text="Applications belong to an account, so choose one to set one.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        accounts: Iterable[TwilioAccount],
        preset: ConfigurationPreset | None = None,
        account_sid: str | None = None,
    ) -> None:
        self.preset = preset
        accounts = list(accounts)
        wanted = data.get("account") if data else account_sid
        chosen = wanted if wanted is not None else (preset.account_id if preset else "")
        super().__init__(
            data,
            account_sids=[account.pk for account in accounts if account.pk == chosen],
            change=Change.from_json(preset.change) if preset else Change(),
            initial={"name": preset.name if preset else "", "account": chosen or ""},
        )
        account = self.fields["account"]
        assert isinstance(account, forms.ChoiceField)
        account.choices = [("", "Every account"), *((a.pk, str(a)) for a in accounts)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        others = ConfigurationPreset.objects.filter(
            name=cleaned.get("name"), account=cleaned.get("account") or None
        )
        if self.preset:
            others = others.exclude(pk=self.preset.pk)
        if others.exists():
            self.add_error("name", "There is a preset of this name already")
        return cleaned
