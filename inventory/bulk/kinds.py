"""What can be done with selected numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.mapping.kinds import ASSIGN_BUNDLES
from portal.access import BATCH_PERMISSIONS, Access, Permission

UPDATE_NUMBERS = "inventory.update_numbers"
TRANSFER_NUMBERS = "inventory.transfer_numbers"
RELEASE_NUMBERS = "inventory.release_numbers"
SET_EMERGENCY_ADDRESSES = "inventory.set_emergency_addresses"


@dataclass(frozen=True, slots=True)
class Task:
    """One button below a list of numbers: the kind of batch it makes, and the page that goes on with it.

    `sentence` is what the page of one number calls it; "" where that page has a way of its own.
    """

    label: str
    sentence: str
    kind: str
    draft_view: str

    @property
    def permission(self) -> Permission:
        return BATCH_PERMISSIONS[self.kind]


TASKS: Mapping[str, Task] = {
    "change": Task("Change", "Change with a preset", UPDATE_NUMBERS, "inventory:bulk-change"),
    "emergency": Task("Emergency address", "", SET_EMERGENCY_ADDRESSES, "inventory:bulk-emergency"),
    "bundle": Task("Assign bundle", "", ASSIGN_BUNDLES, "compliance:bulk-assign"),
    "transfer": Task("Move", "Move to another account", TRANSFER_NUMBERS, "inventory:bulk-transfer"),
    "release": Task("Release", "Release this number", RELEASE_NUMBERS, "inventory:bulk-release"),
}


def tasks_for(access: Access, account_sid: str | None = None) -> list[tuple[str, Task]]:
    """What a person may do with numbers of this account, or of some account when none is named."""
    return [(name, task) for name, task in TASKS.items() if access.can(task.permission, account_sid)]
