"""What end users of a type can say (page 35), beside what one of them says that its type does not name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from compliance.models import EndUser, RegulatoryType
from compliance.requirements import Field, read_requirements


def fields_of(end_user: EndUser) -> list[Field]:
    """The fields of its type in Twilio's order, all optional by themselves, and then whatever else it has."""
    row = RegulatoryType.objects.filter(kind=RegulatoryType.Kind.END_USER, machine_name=end_user.type).first()
    told = row.payload.get("fields") if row else None
    known = _read(told if isinstance(told, list) else [])
    others = [{"machine_name": name} for name in sorted(end_user.values) if name not in known]
    return [replace(field, is_optional=True) for field in {**known, **_read(others)}.values()]


def _read(told: Sequence[object]) -> Mapping[str, Field]:
    requirements = read_requirements({"end_user": [{"type": "", "detailed_fields": list(told)}]})
    return {field.name: field for need in requirements.end_users for field in need.fields}
