import re
from collections.abc import Sequence
from typing import Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, Lookup, OuterRef, Q, Value
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


class AnyOf(ILike):
    """`a = ANY (array)`: one constant instead of thousands, which Postgres hashes and parses in no time."""

    lookup_name = "any_of"
    operator = "="

    def process_rhs(self, compiler, connection):  # type: ignore[no-untyped-def]
        return "ANY (%s)", [list(self.rhs)]


def like_escape(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


class AddressQuerySet(MirroredQuerySet):
    def matching(self, text: str) -> Self:
        """Addresses that have every one of these words somewhere."""
        rows = self
        for word in text.split():
            pattern, anywhere = Value(f"%{like_escape(word)}%"), Q()
            for column in ("friendly_name", "customer_name", "street", "city", "postal_code"):
                anywhere |= Q(ILike(F(column), pattern))
            rows = rows.filter(anywhere)
        return rows


def is_digits(text: str) -> bool:
    """Whether it is part of a number, in whatever format."""
    return bool(re.fullmatch(r"[\d\s().\-/+*]+", text) and re.search(r"\d", text))


def has_digits(text: str) -> Like:
    """The condition that `phone_number` has these digits: the column wants a trigram index."""
    return Like(F("phone_number"), Value(_number_pattern(text)))


class PhoneNumberQuerySet(MirroredQuerySet):
    def missing(self) -> Self:
        """Numbers that Twilio lists no more."""
        return self.filter(missing_since__isnull=False)

    def gone(self) -> Self:
        """Numbers that Twilio stopped listing without our having released them."""
        released = apps.get_model("inventory", "ReleasedNumber").objects.filter(sid=OuterRef("pk"))
        return self.missing().exclude(Exists(released))

    def matching(self, text: str) -> Self:
        """Numbers that a person means by this text: digits in any format with `*` for any digit, or words.

        A leading + anchors the digits at the start; leading zeros of national formats are ignored.
        """
        text = text.strip()
        if is_digits(text):
            return self.filter(has_digits(text))
        patterns = (Value(f"%{like_escape(word)}%") for word in text.split())
        return self.filter(*(ILike(F("friendly_name"), pattern) for pattern in patterns))

    def of_facets(self, ids: Sequence[int]) -> Self:
        return self.filter(AnyOf(F("facet_id"), ids))

    def ending_with(self, digits: str) -> Self:
        return self.alias(reversed_number=Reverse("phone_number")).filter(
            Like(F("reversed_number"), Value(f"{digits[::-1]}%"))
        )

    def for_table(self) -> Self:
        """What the list shows; never the payload."""
        return self.select_related("account", "activity", "voice_application", "sms_application").only(
            "sid", "phone_number", "friendly_name", "country", "number_type", "voice", "sms", "mms", "fax",
            "beta", "origin", "status", "address_requirements", "address_id", "emergency_status",
            "emergency_address_status", "bundle_sid", "trunk_sid", "voice_application_id",
            "sms_application_id", "voice_url", "sms_url", "owner", "cost_centre", "tags",
            "remote_created_at", "missing_since", "account__friendly_name", "activity__state",
            "activity__counted_calls", "activity__counted_messages",
            "voice_application__friendly_name", "sms_application__friendly_name",
        )  # fmt: skip


def _number_pattern(text: str) -> str:
    digits = re.sub(r"[^\d*+]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    anchored = digits.startswith("+")
    digits = digits.replace("+", "")
    if not anchored:
        digits = digits.lstrip("0") or "0"
    return ("+" if anchored else "%") + digits.replace("*", "_") + "%"
