"""How regulations change: a new one, another version of one, and what that does to bundles (doc page 41)."""

from typing import Any, Literal

import msgspec

from portal.sandbox.clock import iso8601
from portal.sandbox.regulatory import requirements as needs
from portal.sandbox.regulatory import review
from portal.sandbox.regulatory.attributes import find_type
from portal.sandbox.regulatory.evaluations import is_compliant
from portal.sandbox.regulatory.reasons import CHANGED_REGULATION
from portal.sandbox.regulatory.regulations import find_regulation
from portal.sandbox.regulatory.resources import (
    APPROVED,
    END_USER_TYPES,
    NUMBER_TYPES,
    UNDER_REVIEW,
    Bundle,
    EndUserType,
    Regulation,
    SupportingDocumentType,
    normal_type,
)
from portal.sandbox.resources import make_sid
from portal.sandbox.store import Store

DAY = 86_400
ISSUE = 18051
KINDS: dict[str, type[EndUserType]] = {"end_user": EndUserType, "supporting_document": SupportingDocumentType}


class NewRegulation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A regulation for a country, number type and end-user type that has none, with any requirements."""

    iso_country: str
    number_type: str
    end_user_type: Literal["individual", "business"]
    requirements: dict[str, Any]
    friendly_name: str = ""


class RegulationChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Other requirements as a whole, or a field more or less.

    `add` puts a detailed field (a machine name will do) and `remove` takes the one with that machine name,
    at `at`: "end_user", or the name of a document requirement, in each of its documents. `reissue` gives
    the new version a sid of its own and retires the old one. Approved bundles that no longer comply are
    valid for `days` more; those under review are rejected.
    """

    requirements: dict[str, Any] | None = None
    add: dict[str, Any] | str | None = None
    remove: str | None = None
    at: str = "end_user"
    days: int = 60
    reissue: bool = False


def find(store: Store, sid: str) -> Regulation:
    regulation = store.find(Regulation, sid)
    if regulation is None:
        raise LookupError(f"There is no regulation {sid}.")
    return regulation


def add_regulation(store: Store, new: NewRegulation, now: int) -> Regulation:
    country, number_type = new.iso_country.strip().upper(), normal_type(new.number_type)
    if len(country) != 2 or not country.isalpha() or number_type not in NUMBER_TYPES:
        raise ValueError("a regulation is for a country of two letters and a number type")
    assert new.end_user_type in END_USER_TYPES
    if find_regulation(store, country, number_type, new.end_user_type):
        raise ValueError("there is a regulation for this country, number type and end-user type")
    requirements = needs.check(new.requirements)
    title = f"{country}: {number_type.title()} - {new.end_user_type.title()}"
    regulation = Regulation(
        sid=store.new_sid("RN"),
        friendly_name=new.friendly_name or title,
        iso_country=country,
        number_type=number_type,
        end_user_type=new.end_user_type,
        requirements=requirements,
        date_created=iso8601(now),
        date_updated=iso8601(now),
    )
    store.add(regulation)
    refresh_types(store, requirements, now)
    return regulation


def change_regulation(store: Store, regulation: Regulation, change: RegulationChange, now: int) -> Regulation:
    """Make a new version, and tell the bundles it concerns. Returns the version in force."""
    if regulation.retired:
        raise ValueError("this version is no longer in force")
    requirements = needs.check(_changed(regulation, change))
    refresh_types(store, requirements, now)
    if change.reissue:
        newer = msgspec.structs.replace(
            regulation, sid=store.new_sid("RN"), requirements=requirements, version=regulation.version + 1,
            date_created=iso8601(now), date_updated=iso8601(now),
        )  # fmt: skip
        regulation.retired = True
        store.add(newer)
    else:
        newer = msgspec.structs.replace(
            regulation, requirements=requirements, version=regulation.version + 1, date_updated=iso8601(now)
        )
    store.save(regulation if change.reissue else newer)
    _enforce(store, regulation.sid, newer, now, change.days)
    return newer


def _changed(regulation: Regulation, change: RegulationChange) -> dict[str, Any]:
    requirements: dict[str, Any] = (
        regulation.requirements if change.requirements is None else change.requirements
    )
    if change.add is None and change.remove is None:
        if change.requirements is None:
            raise ValueError("a change has requirements, or a field to add or to remove")
        return requirements
    holders = _holders(requirements, change.at)
    if not holders:
        raise ValueError(f"there is no requirement {change.at}")
    for holder in holders:
        fields = holder.setdefault("detailed_fields", [])
        if change.remove is not None:
            fields[:] = [field for field in fields if field["machine_name"] != change.remove]
        if change.add is not None:
            added = {"machine_name": change.add} if isinstance(change.add, str) else dict(change.add)
            fields.append({"description": "", "constraint": "String", "constraints": [], **added})
    return requirements


def _holders(requirements: dict[str, Any], at: str) -> list[dict[str, Any]]:
    """Whatever has the fields of a requirement: the end user, or all accepted documents."""
    if at == "end_user":
        return needs.end_users(requirements)
    wanted = [one for group in needs.alternatives(requirements) for one in group]
    return [
        document for one in wanted if one["requirement_name"] == at for document in one["accepted_documents"]
    ]


def _enforce(store: Store, old_sid: str, newer: Regulation, now: int, days: int) -> None:
    """Approved bundles that no longer comply get a valid_until, those under review are rejected.

    Drafts and rejected ones are to comply with the new version, and follow it; what is approved stays with
    the old sid until its items are replaced.
    """
    bodies = store.rows(
        "SELECT body FROM document WHERE kind = 'bundle' AND json_extract(body, '$.regulation_sid') = ?",
        (old_sid,),
    )
    until = iso8601(now + days * DAY)
    for bundle in [msgspec.json.decode(body, type=Bundle) for (body,) in bodies]:
        if bundle.status != APPROVED and newer.sid != old_sid:
            bundle.regulation_sid = newer.sid
            store.save(bundle)
        complies = is_compliant(store, msgspec.structs.replace(bundle, regulation_sid=newer.sid))
        if bundle.status in UNDER_REVIEW and not complies:
            review.reject(store, bundle, now, ISSUE, CHANGED_REGULATION)
        elif bundle.status == APPROVED and not complies:
            review.set_valid_until(store, bundle, now, until)


def refresh_types(store: Store, requirements: dict[str, Any], now: int) -> None:
    """Let the types know of fields, and of documents, that no regulation had asked for before."""
    for kind, machine_name, name, field in needs.fields_by_type(requirements):
        found = find_type(store, KINDS[kind], machine_name)
        if found is None:
            found = KINDS[kind](
                sid=make_sid("OY", machine_name),
                friendly_name=name,
                machine_name=machine_name,
                fields=[],
                date_created=iso8601(now),
                date_updated=iso8601(now),
            )
            store.add(found)
        if field and all(one["machine_name"] != field["machine_name"] for one in found.fields):
            found.fields.append(needs.type_field(field))
            store.save(found)
