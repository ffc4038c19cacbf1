"""From a text or a file to a draft: what was found is frozen, and what was uploaded is not kept."""

from typing import Any

from inventory.bulk.actions import freeze_numbers
from inventory.bulk.change import Change
from inventory.bulk.kinds import UPDATE_NUMBERS
from inventory.files.dry_run import DryRun
from inventory.files.edits import title_of
from inventory.files.intake import Intake
from inventory.files.report import as_json, ranges
from inventory.querysets import PhoneNumberQuerySet
from portal.batches import asking
from portal.models import Batch, User

# Numbers that somebody put together by hand. Never confirmed: it is what tasks and the list begin with.
CHOSEN_NUMBERS = "inventory.chosen_numbers"


def choose_numbers(intake: Intake, rows: PhoneNumberQuerySet, *, author: User) -> Batch:
    """Freeze the numbers that were found, and what was wrong with the rest. Raises NotAllowed."""
    return freeze_numbers(
        rows.present().filter(pk__in=list(intake.lines)),
        kind=CHOSEN_NUMBERS,
        author=author,
        draft_view="inventory:number-chosen",
        detail={"count": intake.count, "report": as_json(intake.problems)},
    )


def draft_edits(run: DryRun, *, author: User) -> Batch:
    """Make a draft of what a file changes, with the report of its dry run. Raises NotAllowed."""
    return asking.draft(
        UPDATE_NUMBERS,
        author=author,
        draft_view="inventory:bulk-preview",
        items=run.items,
        detail={
            "change": Change().as_json(),
            "lines": [["From", f"a file of {run.count:,} line{'' if run.count == 1 else 's'}"]],
            "file": report_of(run),
        },
    )


def report_of(run: DryRun) -> dict[str, Any]:
    """What is to be known of a dry run beside the changes."""
    return {
        "count": run.count,
        "unchanged": run.unchanged,
        "unknown": [name[:60] for name in run.header.unknown][:20],
        "fixed": [[title_of(key), ranges(lines)] for key, lines in run.fixed.items()],
        "only_read": [title_of(key) for key in run.header.fixed],
        "report": as_json(run.problems),
    }
