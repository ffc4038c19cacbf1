"""What a bulk change does to a number: pure, without Twilio and without the database."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from inventory.configuration import PROPERTIES, configuration_of
from inventory.models import PhoneNumber
from portal.numbering import national

_ABOUT_CALLS = frozenset(
    {
        "voice_receive_mode", "voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method",
        "voice_application_sid", "trunk_sid", "status_callback", "status_callback_method",
        "voice_caller_id_lookup",
    }
)  # fmt: skip
_ABOUT_MESSAGES = frozenset(
    {
        "sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method", "sms_application_sid",
    }
)  # fmt: skip
_OURS = {"owner": "Owner", "cost_centre": "Cost centre", "tags": "Tags"}
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Change:
    """The same settings for many numbers; what is absent or None stays as it is.

    `properties` are Twilio's. A `friendly_name` may hold {number} and {national}, which each number
    fills in. The rest are records of ours.
    """

    properties: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None
    cost_centre: str | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        tags = {name: tuple(data.get(name) or ()) for name in ("add_tags", "remove_tags")}
        known = {name: value for name, value in (data.get("properties") or {}).items() if name in PROPERTIES}
        return cls(properties=known, owner=data.get("owner"), cost_centre=data.get("cost_centre"), **tags)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change comes to for one number: before and after, by property, and what it leaves out."""

    fields: Mapping[str, list[Any]]  # Twilio's
    ours: Mapping[str, list[Any]]
    why_not: str = ""  # why some or all of it does not apply

    @property
    def is_nothing(self) -> bool:
        return not self.fields and not self.ours

    @property
    def lines(self) -> list[list[str]]:
        """Label, before, after: as a preview shows them."""
        labels = {**PROPERTIES, **_OURS}
        changes = {**self.fields, **self.ours}
        return [[labels[name], words(before), words(after)] for name, (before, after) in changes.items()]


def effect_on(number: PhoneNumber, change: Change) -> Effect:
    """What the change would do to a number as the mirror has it."""
    before = configuration_of(number.payload)
    wanted = dict(change.properties)
    left_out = []
    if not number.voice and wanted.keys() & _ABOUT_CALLS:
        wanted = {name: value for name, value in wanted.items() if name not in _ABOUT_CALLS}
        left_out.append("It cannot take calls.")
    if not (number.sms or number.mms) and wanted.keys() & _ABOUT_MESSAGES:
        wanted = {name: value for name, value in wanted.items() if name not in _ABOUT_MESSAGES}
        left_out.append("It cannot take messages.")
    if (pattern := wanted.pop("friendly_name", None)) is not None:
        name = name_for(number.phone_number, pattern)
        if len(name) > LONGEST_NAME:
            left_out.append(f"Its name would be longer than {LONGEST_NAME} characters.")
        else:
            wanted = {"friendly_name": name, **wanted}
    fields = {name: [before[name], value] for name, value in wanted.items() if before[name] != value}
    ours: dict[str, list[Any]] = {}
    if change.owner is not None and change.owner != number.owner:
        ours["owner"] = [number.owner, change.owner]
    if change.cost_centre is not None and change.cost_centre != number.cost_centre:
        ours["cost_centre"] = [number.cost_centre, change.cost_centre]
    tags = sorted({*number.tags, *change.add_tags} - set(change.remove_tags))
    if tags != sorted(number.tags):
        ours["tags"] = [sorted(number.tags), tags]
    if not fields and not ours and not left_out:
        left_out.append("It is so already.")
    return Effect(fields, ours, " ".join(left_out))


def name_for(phone_number: str, pattern: str) -> str:
    """A name with a number's own digits filled in."""
    return pattern.replace("{number}", phone_number).replace("{national}", national(phone_number))


def words(value: Any) -> str:
    match value:
        case None | "" | []:
            return "nothing"
        case True:
            return "yes"
        case False:
            return "no"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
