"""The versions of what a country asks for, and what changed from one to another."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from compliance.models import Regulation, RegulationVersion
from compliance.models.regulation import GROUP
from compliance.regulation_diff import Difference, diff

Group = tuple[str, str, str]


def group_of(row: Regulation | RegulationVersion) -> Group:
    return row.iso_country, row.number_type, row.end_user_type


def versions_of(regulation: Regulation) -> list[RegulationVersion]:
    """All versions of its country, number type and end-user type, newest first, whatever sids they had."""
    return list(RegulationVersion.objects.filter(**dict(zip(GROUP, group_of(regulation), strict=True))))


def latest_versions(regulations: Iterable[Regulation]) -> dict[Group, RegulationVersion]:
    """The newest version of each group, without what it requires. One query."""
    groups = {group_of(regulation) for regulation in regulations}
    if not groups:
        return {}
    which = reduce(or_, (Q(**dict(zip(GROUP, group, strict=True))) for group in groups))
    rows = RegulationVersion.objects.filter(which).order_by(*GROUP, "-number").distinct(*GROUP)
    return {group_of(row): row for row in rows.defer("requirements")}


def version_at(versions: Sequence[RegulationVersion], moment: datetime) -> RegulationVersion | None:
    """The one in force at a moment, out of all of a group, newest first; the oldest for what is earlier."""
    return next((one for one in versions if one.seen_at <= moment), versions[-1] if versions else None)


def changes_since(regulation: Regulation, moment: datetime) -> list[Difference]:
    """What is otherwise now than it was at a moment. One query."""
    versions = versions_of(regulation)
    then = version_at(versions, moment)
    return diff(then.requirements, versions[0].requirements) if then else []
