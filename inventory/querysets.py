import re
from typing import Self

from django.db import connection, models
from django.db.models import F, Lookup, Q, Value
from django.db.models.functions import Reverse

from portal.models import MirroredQuerySet


class ILike(Lookup):
    """`a ILIKE b`: unlike Django's icontains it folds nothing, so a trigram index serves it."""

    lookup_name = "ilike"
    prepare_rhs = False
    output_field = models.BooleanField()
    operator = "ILIKE"

    def as_sql(self, compiler, connection):  # type: ignore[no-untyped-def]
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} {self.operator} {rhs}", [*lhs_params, *rhs_params]


class Like(ILike):
    lookup_name = "like"
    operator = "LIKE"


def like_escape(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


class PhoneNumberQuerySet(MirroredQuerySet):
    def missing(self) -> Self:
        """Numbers that Twilio stopped listing without our having released them."""
        return self.filter(missing_since__isnull=False)

    def matching(self, text: str) -> Self:
        """Numbers that a person means by this text: digits in any format with `*` for any digit, or words.

        A leading + anchors the digits at the start; leading zeros of national formats are ignored.
        """
        text = text.strip()
        if re.fullmatch(r"[\d\s().\-/+*]+", text) and re.search(r"\d", text):
            return self.filter(Like(F("phone_number"), Value(_number_pattern(text))))
        rows = self
        for word in text.split():
            rows = rows.filter(ILike(F("friendly_name"), Value(f"%{like_escape(word)}%")))
        return rows

    def ending_with(self, digits: str) -> Self:
        return self.alias(reversed_number=Reverse("phone_number")).filter(
            Like(F("reversed_number"), Value(f"{digits[::-1]}%"))
        )

    def with_call_route(self, route: str) -> Self:
        """By what answers calls: a trunk beats an application, which beats the URL (page 23)."""
        return self.filter(_ROUTES["calls"][route])

    def with_message_route(self, route: str) -> Self:
        return self.filter(_ROUTES["messages"][route])

    def for_table(self) -> Self:
        """What the list shows; never the payload."""
        return self.select_related("account", "voice_application", "sms_application").only(
            "sid", "phone_number", "friendly_name", "country", "number_type", "voice", "sms", "mms", "fax",
            "beta", "origin", "status", "address_requirements", "address_id", "emergency_status",
            "emergency_address_status", "bundle_sid", "trunk_sid", "voice_application_id",
            "sms_application_id", "voice_url", "sms_url", "owner", "cost_centre", "tags",
            "remote_created_at", "missing_since", "account__friendly_name",
            "voice_application__friendly_name", "sms_application__friendly_name",
        )  # fmt: skip

    def countries(self) -> list[str]:
        """The countries that numbers are in, found by hopping along the index, not by reading every row."""
        with connection.cursor() as cursor:
            cursor.execute("""
                WITH RECURSIVE hop AS (
                    (SELECT country FROM inventory_phonenumber ORDER BY country LIMIT 1)
                    UNION ALL
                    SELECT (SELECT n.country FROM inventory_phonenumber n WHERE n.country > hop.country
                            ORDER BY n.country LIMIT 1)
                    FROM hop WHERE hop.country IS NOT NULL
                )
                SELECT country FROM hop WHERE country <> ''
            """)
            return [country for (country,) in cursor.fetchall()]


_ROUTES = {
    "calls": {
        "trunk": Q(trunk_sid__isnull=False),
        "application": Q(trunk_sid=None, voice_application__isnull=False),
        "url": Q(trunk_sid=None, voice_application=None) & ~Q(voice_url=""),
        "none": Q(trunk_sid=None, voice_application=None, voice_url=""),
    },
    "messages": {
        "application": Q(sms_application__isnull=False),
        "url": Q(sms_application=None) & ~Q(sms_url=""),
        "none": Q(sms_application=None, sms_url=""),
    },
}


def _number_pattern(text: str) -> str:
    digits = re.sub(r"[^\d*+]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    anchored = digits.startswith("+")
    digits = digits.replace("+", "")
    if not anchored:
        digits = digits.lstrip("0") or "0"
    return ("+" if anchored else "%") + digits.replace("*", "_") + "%"
