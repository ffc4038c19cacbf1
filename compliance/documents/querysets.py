"""Documents by what `compliance.ages` says of them, counted in the database."""

from datetime import date
from typing import Any

from django.db.models import Case, DateField, F, Func, Q, Value, When
from django.db.models.functions import Cast, Coalesce, Least, TruncDate

from compliance.ages import ADDRESS_PROOF_MONTHS, ADDRESS_PROOFS, GOVERNMENT_IDS, OTHER_MONTHS, is_data
from compliance.models import Bundle, ItemAssignment, SupportingDocument
from portal.models import MirroredQuerySet

_DATA = Q(type="address") | Q(type__endswith="_address")


class _MonthsAfter(Func):
    """A day some months later, or the last one of that month."""

    template = "(%(expressions)s)::date"
    arg_joiner = " + "
    output_field = DateField()


class _Months(Func):
    function = "make_interval"
    template = "%(function)s(months => %(expressions)s)"


class _DayAfter(Func):
    template = "(%(expressions)s + 1)"
    output_field = DateField()


def with_age(rows: MirroredQuerySet) -> MirroredQuerySet:
    """Rows with `too_old_on`, null where no rule is about them."""
    uploaded = TruncDate(Coalesce(F("remote_created_at"), F("first_seen_at")))
    since = Coalesce(F("issued_on"), uploaded, output_field=DateField())
    by_type = Case(
        When(_DATA | Q(type__in=GOVERNMENT_IDS), then=None),
        When(type__in=ADDRESS_PROOFS, then=_MonthsAfter(since, _Months(Value(ADDRESS_PROOF_MONTHS)))),
        default=_MonthsAfter(since, _Months(Value(OTHER_MONTHS))),
        output_field=DateField(),
    )
    # Postgres leaves nulls out of LEAST.
    dated: MirroredQuerySet = rows.annotate(
        too_old_on=Cast(Least(_DayAfter(F("expires_on")), by_type), DateField())
    )
    return dated


def lacking_file(rows: MirroredQuerySet) -> MirroredQuerySet:
    """Rows whose file Twilio has not got, though it should (page 12: `mime_type` is empty)."""
    return rows.filter(mime_type="").exclude(_DATA)


def too_old_before(rows: MirroredQuerySet, day: date) -> MirroredQuerySet:
    return with_age(rows).filter(too_old_on__lte=day)


def lacks_file(document: SupportingDocument) -> bool:
    return not document.mime_type and not is_data(document.type)


def bundles_by_document(sids: list[str], visible: Any) -> dict[str, list[Any]]:
    """The bundles that hold these documents; `visible` narrows them to what a person may see. One query."""
    items = ItemAssignment.objects.present().filter(
        object_sid__in=sids, bundle__in=visible(Bundle.objects.present()).order_by()
    )
    held = items.select_related("bundle").only(
        "object_sid", "bundle__friendly_name", "bundle__status", "bundle__account"
    )
    found: dict[str, list[Any]] = {sid: [] for sid in sids}
    for item in held:
        found[item.object_sid].append(item.bundle)
    return found
