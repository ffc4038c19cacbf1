"""How many numbers stand how, and which: the rule of `compliance.standing`, as SQL.

Numbers are first put together by what the rule looks at (facet, bundle, address), which one index holds,
and each such combination is judged once. So nothing derived is stored, and what a callback, a sync or the
clock changes shows at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, F, Func, Q, Value
from django.utils import timezone

from compliance.standing import (
    APPROVED,
    DRAFT,
    NOT_COMPLIANT,
    PROVISIONALLY,
    REASONS,
    REJECTED,
    UNDER_REVIEW,
    review_horizon,
)
from inventory.querysets import AnyOf

_RULE = """
    WITH asked_for AS MATERIALIZED (
        SELECT DISTINCT iso_country, number_type FROM compliance_regulation WHERE missing_since IS NULL
    ), kind AS MATERIALIZED (
        SELECT DISTINCT number_type FROM asked_for
    ), changed AS MATERIALIZED (
        SELECT DISTINCT target FROM portal_change
        WHERE resource = 'numbers' AND (fields ? 'bundle_sid' OR fields ? 'address_sid') AND at > %(horizon)s
          {changed}
    ), mapped AS MATERIALIZED (
        SELECT number.facet_id, number.bundle_sid, number.address_sid, changed.target IS NOT NULL AS is_new,
               {which}
    ), judged AS (
        SELECT facet.account_sid, facet.country, facet.number_type, mapped.*,
               CASE
                   WHEN about.bundle = ANY (%(bad)s) THEN about.bundle
                   WHEN about.address LIKE 'address-%%' THEN about.address
                   WHEN about.bundle = ANY (%(unknown)s) THEN about.bundle
                   WHEN about.bundle IS NULL
                    AND (facet.country = '' OR facet.number_type = '' OR kind.number_type IS NULL)
                       THEN 'type-unknown'
                   WHEN about.address = 'unknown' THEN 'address-unknown'
                   WHEN about.bundle = 'bundle-in-review' THEN about.bundle
                   WHEN mapped.is_new AND (about.bundle IS NOT NULL OR about.address = 'fits')
                       THEN 'mapping-changed'
                   WHEN about.bundle IS NOT NULL THEN about.bundle
                   WHEN about.address = 'not-needed' THEN 'nothing-asked'
                   ELSE 'address-only'
               END AS reason
        FROM mapped
        JOIN inventory_numberfacet AS facet ON facet.id = mapped.facet_id
        LEFT JOIN kind ON kind.number_type = facet.number_type
        LEFT JOIN asked_for ON asked_for.iso_country = facet.country
                           AND asked_for.number_type = facet.number_type
        LEFT JOIN compliance_bundle AS bundle ON bundle.sid = mapped.bundle_sid
        LEFT JOIN compliance_regulation AS regulation ON regulation.sid = bundle.regulation_sid
        LEFT JOIN inventory_address AS address ON address.sid = mapped.address_sid
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN asked_for.iso_country IS NULL THEN NULL
                WHEN mapped.bundle_sid IS NULL THEN 'no-bundle'
                WHEN bundle.sid IS NULL THEN 'bundle-unread'
                WHEN bundle.missing_since IS NOT NULL THEN 'bundle-gone'
                WHEN bundle.account_sid <> facet.account_sid THEN 'bundle-elsewhere'
                WHEN regulation.iso_country <> facet.country OR regulation.number_type <> facet.number_type
                    THEN 'bundle-mismatch'
                WHEN bundle.status = %(rejected)s THEN 'bundle-rejected'
                WHEN bundle.status = %(draft)s THEN 'bundle-draft'
                WHEN bundle.valid_until <= %(now)s THEN 'bundle-expired'
                WHEN regulation.sid IS NULL THEN 'regulation-unread'
                WHEN bundle.status = ANY (%(under_review)s) THEN 'bundle-in-review'
                WHEN bundle.status = %(provisionally)s THEN 'bundle-provisional'
                WHEN bundle.status = %(approved)s THEN 'bundle-approved'
                ELSE 'bundle-status-unknown'
            END AS bundle,
            CASE
                WHEN facet.address_requirements IN ('none', '') THEN 'not-needed'
                WHEN facet.address_requirements NOT IN ('any', 'local', 'foreign') THEN 'unknown'
                WHEN mapped.address_sid IS NULL THEN 'address-missing'
                WHEN address.sid IS NULL THEN 'unknown'
                WHEN address.missing_since IS NOT NULL THEN 'address-gone'
                WHEN address.account_sid <> facet.account_sid THEN 'address-other-account'
                WHEN facet.address_requirements = 'any' THEN 'fits'
                WHEN facet.country = '' THEN 'unknown'
                WHEN facet.address_requirements = 'local' AND address.iso_country <> facet.country
                    THEN 'address-not-local'
                WHEN facet.address_requirements = 'foreign' AND address.iso_country = facet.country
                    THEN 'address-not-foreign'
                ELSE 'fits'
            END AS address
            OFFSET 0
        ) AS about
        WHERE %(accounts)s::text[] IS NULL OR facet.account_sid = ANY (%(accounts)s)
    )
"""
_JUDGED = _RULE.format(
    changed="",
    which="""count(*) AS count
        FROM inventory_phonenumber AS number
        LEFT JOIN changed ON changed.target = number.sid
        WHERE number.facet_id IS NOT NULL
        GROUP BY 1, 2, 3, 4""",
)
_EACH = _RULE.format(
    changed="AND target = ANY (%(sids)s)",
    which="""number.sid
        FROM inventory_phonenumber AS number
        LEFT JOIN changed ON changed.target = number.sid
        WHERE number.facet_id IS NOT NULL AND number.sid = ANY (%(sids)s)""",
)
# Of a combination, as the database makes it and as the ORM has it made.
_KEY = "hashtextextended(concat_ws('/', {}), 0)"
_KEY_OF_JUDGED = _KEY.format("facet_id, bundle_sid, '', address_sid")

_TALLY = f"""{_JUDGED}
    SELECT account_sid, country, number_type, reason, sum(count)::int FROM judged GROUP BY 1, 2, 3, 4
"""  # noqa: S608  # made of constants
_FOUND = f"""{_JUDGED}
    SELECT facet_id, sum(count)::int, array_agg({_KEY_OF_JUDGED}) FILTER (WHERE NOT is_new),
           array_agg({_KEY_OF_JUDGED}) FILTER (WHERE is_new)
    FROM judged WHERE reason = ANY (%(reasons)s) GROUP BY facet_id
"""  # noqa: S608
_REASONS = f"{_EACH} SELECT sid, reason FROM judged"  # noqa: S608
_CHANGED = """
    SELECT DISTINCT target FROM portal_change
    WHERE resource = 'numbers' AND (fields ? 'bundle_sid' OR fields ? 'address_sid') AND at > %(horizon)s
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers of one account, country and type that stand as they do for one reason."""

    account_sid: str
    country: str
    number_type: str
    reason: str
    count: int

    @property
    def standing(self) -> str:
        return REASONS[self.reason].standing


@dataclass(frozen=True, slots=True)
class Found:
    """The present numbers that stand as they do for some reasons, as a condition on numbers.

    `counts` says how many there are, by facet.
    """

    counts: Mapping[int, int]
    condition: Q


def tally(account_sids: Sequence[str] | None) -> list[Group]:
    """Count the present numbers of these accounts, or of all. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TALLY, _parameters(account_sids))
        return [Group(*row) for row in cursor.fetchall()]


def find(reasons: Collection[str]) -> Found:
    """Which numbers stand as they do for one of these reasons. Two queries.

    The combinations that were judged so come back as hashes: one constant that Postgres looks up in no
    time, however a list is walked.
    """
    parameters = _parameters(None)
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, {**parameters, "reasons": list(reasons)})
        rows = cursor.fetchall()
        cursor.execute(_CHANGED, parameters)
        changed = [sid for (sid,) in cursor.fetchall()]
    old = [key for _, _, keys, _ in rows for key in keys or ()]
    new = [key for _, _, _, keys in rows for key in keys or ()]
    key = Func(
        F("facet_id"), F("bundle_sid"), Value(""), F("address_id"),
        template=_KEY.format("%(expressions)s"), output_field=BigIntegerField(),
    )  # fmt: skip
    is_found = Q(AnyOf(key, old))
    if changed:
        is_new = Q(AnyOf(F("sid"), changed))
        is_found = (is_found & ~is_new) | (Q(AnyOf(key, new)) & is_new)
    return Found({facet: count for facet, count, _, _ in rows}, is_found)


def reasons_of(sids: Collection[str]) -> dict[str, str]:
    """Why each of these numbers stands as it does, of those that Twilio lists. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_REASONS, {**_parameters(None), "sids": list(sids)})
        return dict(cursor.fetchall())


def _parameters(account_sids: Sequence[str] | None) -> dict[str, Any]:
    now = timezone.now()
    return {
        "accounts": None if account_sids is None else list(account_sids),
        "now": now,
        "horizon": review_horizon(now),
        "bad": [code for code, reason in REASONS.items() if reason.standing == NOT_COMPLIANT],
        "unknown": ["bundle-unread", "regulation-unread", "bundle-status-unknown"],
        "under_review": list(UNDER_REVIEW),
        "rejected": REJECTED,
        "draft": DRAFT,
        "provisionally": PROVISIONALLY,
        "approved": APPROVED,
    }
