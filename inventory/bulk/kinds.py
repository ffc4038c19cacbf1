"""What can be done with selected numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.access import Access, Permission

UPDATE_NUMBERS = "inventory.update_numbers"


@dataclass(frozen=True, slots=True)
class Task:
    """One button below a list of numbers: the kind of batch it makes, and the page that goes on with it."""

    label: str
    kind: str
    permission: Permission
    draft_view: str


TASKS: Mapping[str, Task] = {
    "change": Task("Change", UPDATE_NUMBERS, Permission.UPDATE_NUMBER, "inventory:bulk-change"),
}


def tasks_for(access: Access) -> list[tuple[str, Task]]:
    """What a person may do with numbers, on some account."""
    return [(name, task) for name, task in TASKS.items() if access.can(task.permission)]
