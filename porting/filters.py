from collections.abc import Mapping
from typing import Any, ClassVar

from portal.filtering import AccountsFilter, OneOf
from porting.deadlines import Stage


class TurnFilter(AccountsFilter):
    """Requests or orders, narrowed by who acts next."""

    stages: ClassVar[Mapping[str, Stage]]
    turn = OneOf(
        "Who acts next",
        choices=[("us", "We do"), ("others", "Others do"), ("over", "Nobody, it is over")],
        empty_label="Anybody",
        method="by_turn",
    )

    def by_turn(self, rows: Any, name: str, value: str) -> Any:
        ours = [status for status, stage in self.stages.items() if stage.is_ours]
        over = [status for status, stage in self.stages.items() if stage.who == "Nobody"]
        match value:
            case "us":
                return rows.filter(status__in=ours)
            case "over":
                return rows.filter(status__in=over)
        return rows.exclude(status__in=ours + over)
