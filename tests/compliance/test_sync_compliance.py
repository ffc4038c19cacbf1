"""Regulations, end users, documents and bundles against the sandbox."""

import json

import pytest
from django.db import connection

from compliance.models import (
    Bundle,
    EndUser,
    Evaluation,
    ItemAssignment,
    Regulation,
    RegulationVersion,
    RegulatoryType,
    SupportingDocument,
)
from compliance.sync import refetch_bundle
from portal.models import Change, SyncRun, TwilioAccount
from portal.sandbox.regulatory import resources as wire
from portal.sandbox.regulatory.laws import RegulationChange
from portal.sandbox.regulatory.verdicts import Verdict
from tests.mirroring import MODELS, complete, versions

pytestmark = pytest.mark.django_db


def test_it_mirrors_regulations_with_their_constraints_and_all_types(twilio, parent):
    complete(parent, "regulations")

    listed = [one for one in twilio.store.all(wire.Regulation) if not one.retired]
    assert {row.pk: row.payload["requirements"] for row in Regulation.objects.present()} == {
        one.sid: one.requirements for one in listed
    }
    kinds = RegulatoryType.Kind
    assert set(RegulatoryType.objects.filter(kind=kinds.END_USER).values_list("machine_name", flat=True)) == {
        "individual",
        "business",
    }
    assert RegulatoryType.objects.filter(kind=kinds.DOCUMENT, machine_name="utility_bill").exists()


def test_every_version_of_a_regulation_is_kept_under_its_group(twilio, parent):
    complete(parent, "regulations")
    regulation = Regulation.objects.for_group("DE", "local").get(end_user_type="business")
    assert regulation.versions.get().number == 1

    twilio.change_regulation(regulation.pk, RegulationChange(add="tax_id", reissue=True))
    complete(parent, "regulations")

    newer = Regulation.objects.for_group("DE", "local").get(end_user_type="business")
    assert newer.pk != regulation.pk
    kept = RegulationVersion.objects.filter(iso_country="DE", number_type="local", end_user_type="business")
    assert [(version.number, version.regulation_id) for version in kept] == [
        (2, newer.pk),
        (1, regulation.pk),
    ]
    assert kept[1].requirements == regulation.payload["requirements"]


def test_no_version_is_kept_of_what_stayed_the_same(parent):
    complete(parent, "regulations")
    before = RegulationVersion.objects.count()

    complete(parent, "regulations")

    assert RegulationVersion.objects.count() == before == Regulation.objects.count()


@pytest.mark.parametrize(("resource", "kind"), [("end_users", EndUser), ("documents", SupportingDocument)])
def test_personal_attributes_are_readable_here_and_not_in_the_database(resource, kind, twilio, parent):
    complete(parent, resource)

    known = {"end_users": wire.EndUser, "documents": wire.SupportingDocument}[resource]
    told = {one.sid: one.attributes for one in twilio.store.all(known) if one.account_sid == parent.pk}
    assert {row.pk: row.values for row in kind.objects.all()} == told != {}
    values = {
        str(value)
        for attributes in told.values()
        for name, value in attributes.items()
        if name not in ("address_sids", "issue_date", "expiration_date", "business_name")
        and len(str(value)) > 3
    }
    assert len(values) > 5
    stored = _dump(kind._meta.db_table, without=("friendly_name",))
    assert not [value for value in values if value in stored]


def test_it_tells_that_attributes_changed_and_not_from_what_to_what(twilio, parent):
    complete(parent, "end_users")
    end_user = EndUser.objects.filter(type="business").first()
    told = twilio.store.find(wire.EndUser, end_user.pk)
    told.attributes["business_name"] = "Another Example"
    with twilio.changing() as (store, _):
        store.save(told)

    complete(parent, "end_users")

    change = Change.objects.get(target=end_user.pk)
    before, after = change.fields["attributes"]
    assert {name for name in after if after[name] != before[name]} == {"business_name"}
    assert "Another Example" not in json.dumps(change.fields)
    end_user.refresh_from_db()
    assert end_user.values["business_name"] == "Another Example"


def test_the_same_value_is_found_whatever_its_case(parent):
    complete(parent, "end_users")
    end_user = EndUser.objects.filter(type="business").first()
    from compliance.resources import value_fingerprint

    sought = value_fingerprint("business_name", f" {end_user.values['business_name'].upper()}  ")

    assert end_user in EndUser.objects.sharing([sought])
    assert not EndUser.objects.sharing([value_fingerprint("first_name", end_user.values["business_name"])])


def test_it_mirrors_bundles_with_their_items_and_evaluations(twilio, parent):
    for resource in ("regulations", "bundles"):
        complete(parent, resource)

    told = {one.sid: one for one in twilio.store.all(wire.Bundle) if one.account_sid == parent.pk}
    rows = {row.pk: row for row in Bundle.objects.select_related("regulation")}
    assert set(rows) == set(told)
    for sid, row in rows.items():
        assert (row.status, row.email, row.regulation_id) == (
            told[sid].status,
            told[sid].email,
            told[sid].regulation_sid,
        )
        assert row.regulation.iso_country == told[sid].iso_country
    items = {(one.bundle_sid, one.object_sid) for one in twilio.store.all(wire.ItemAssignment)}
    mirrored = set(ItemAssignment.objects.values_list("bundle_id", "object_sid"))
    assert mirrored == {pair for pair in items if pair[0] in told} != set()
    assert Evaluation.objects.count() == sum(
        one.account_sid == parent.pk for one in twilio.store.all(wire.Evaluation)
    )
    assert "compliance@" not in _dump("compliance_bundle")


def test_it_writes_no_row_and_looks_into_no_bundle_when_nothing_changed(parent):
    for resource in ("regulations", "end_users", "documents", "bundles"):
        complete(parent, resource)
    models = [MODELS[name] for name in ("regulations", "end_users", "documents", "items", "evaluations")]
    before = [versions(model) for model in models]

    runs = [complete(parent, resource) for resource in ("regulations", "end_users", "documents", "bundles")]

    assert [versions(model) for model in models] == before
    assert not Change.objects.exists()
    assert runs[-1].requests == 1


def test_a_status_is_dated_from_when_it_was_seen_to_change(twilio, parent):
    complete(parent, "regulations")
    complete(parent, "bundles")
    bundle = Bundle.objects.filter(status=Bundle.Status.PENDING_REVIEW).first()
    assert bundle.status_since == bundle.submitted_at == bundle.remote_updated_at

    twilio.judge(bundle.pk, Verdict(status="in-review"))
    refetch_bundle(parent, bundle.pk, source=Change.Source.READ)

    seen = Bundle.objects.get(pk=bundle.pk)
    assert (seen.status, seen.submitted_at) == ("in-review", bundle.submitted_at)
    assert seen.status_since > bundle.status_since


def test_a_bundle_that_twilio_has_no_more_is_marked_when_it_is_read(twilio, parent):
    complete(parent, "regulations")
    complete(parent, "bundles")
    bundle = Bundle.objects.filter(status=Bundle.Status.DRAFT).first()
    with twilio.changing() as (store, _):
        store.remove(store.find(wire.Bundle, bundle.pk))

    assert refetch_bundle(parent, bundle.pk, source=Change.Source.READ) is None

    bundle.refresh_from_db()
    assert bundle.missing_since is not None


def test_reading_a_bundle_takes_out_the_items_that_it_lost(twilio, parent):
    complete(parent, "regulations")
    complete(parent, "bundles")
    item = ItemAssignment.objects.first()
    with twilio.changing() as (store, _):
        store.remove(store.find(wire.ItemAssignment, item.pk))

    refetch_bundle(parent, item.bundle_id, source=Change.Source.READ)

    assert item.pk not in ItemAssignment.objects.present().values_list("pk", flat=True)


def test_a_subaccount_is_read_with_its_own_credentials_or_not_at_all(twilio, parent):
    complete(parent, "accounts")
    sub = TwilioAccount.objects.exclude(pk=parent.pk).filter(status="active").first()
    complete(sub, "end_users")
    assert set(EndUser.objects.values_list("account_id", flat=True)) == {sub.pk}

    sub.auth_token = ""
    sub.save(update_fields=["auth_token"])
    from tests.mirroring import sync

    assert sync(sub, "end_users").state == SyncRun.State.FAILED


def _dump(table: str, without: tuple[str, ...] = ()) -> str:
    """Everything that the database holds in a table, as text."""
    dropped = "".join(f" - '{name}'" for name in without)
    payload = "".join(f" #- '{{payload,{name}}}'" for name in without)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT (to_jsonb(t){dropped}{payload})::text FROM {table} AS t")
        return "\n".join(text for (text,) in cursor.fetchall())
