from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import xxhash
from django.db.models import Model

from portal.models import Mirrored

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Facets:
    """Counts of rows by the values of some of their columns, kept up by the statement that writes the rows.

    `model` has the columns of `names`, a `count`, and an `id` that the rows carry as `facet_id`. A
    list filtered by any of these columns then knows its length at once, and is read with an index
    that holds nothing but the sort key and `facet_id`. Rows that are missing have no facet.
    """

    model: type[Model]
    names: tuple[str, ...]

    @cached_property
    def table(self) -> str:
        return self.model._meta.db_table

    def id_of(self, values: Mapping[str, Any]) -> int:
        """The id of the facet that a row with these values belongs to."""
        key = msgspec.json.encode([values[name] for name in self.names])
        return xxhash.xxh3_64_intdigest(key) >> 1


@dataclass(frozen=True)
class Resource:
    """How one kind of Twilio object is mirrored.

    `columns` turns a decoded record into the values of `fields` (attribute names of the model). It
    should not fail on a record that lacks a key or has a new one; a record it fails on stays as it is
    in the mirror. `scope` is the field that says which listing a row belongs to: rows of that scope
    that a complete listing lacks are missing. A change in nothing but `quiet` properties is copied
    without being told as news. Whoever changes `columns` raises `edition`, and every row is written
    anew; without that, only those that change at Twilio are. Of `private` properties the payload keeps
    fingerprints, enough to tell that they changed; `columns` puts their values into encrypted fields.
    """

    name: str
    model: type[Mirrored]
    fields: tuple[str, ...]
    columns: Callable[[Payload], Mapping[str, Any]]
    scope: str = "account_id"
    quiet: frozenset[str] = frozenset({"date_updated", "uri", "subresource_uris"})
    edition: int = 1
    facets: Facets | None = None
    private: frozenset[str] = frozenset()

    def column(self, attname: str) -> str:
        """The database column behind an attribute."""
        return self._columns[attname]

    @cached_property
    def _columns(self) -> dict[str, str]:
        return {field.attname: str(field.column) for field in self.model._meta.concrete_fields}

    @cached_property
    def table(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def longest_sid(self) -> int:
        return self.model._meta.get_field("sid").max_length or 0
