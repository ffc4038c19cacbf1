"""A resource as NDJSON, sorted by sid."""

from collections.abc import Iterator

from portal.sandbox.store import Store

BATCH = 1000
DOCUMENTS = {
    "accounts": "account",
    "addresses": "address",
    "applications": "application",
    "caller_ids": "caller_id",
}
RESOURCES = ("numbers", *DOCUMENTS)


def dump(store: Store, resource: str, account: str | None = None) -> Iterator[bytes]:
    """Line by line, a thousand at a time, as the API would answer them; KeyError for an unknown resource."""
    if resource == "numbers":
        source, parameters = "number WHERE 1", []
    else:
        source, parameters = "document WHERE kind = ?", [DOCUMENTS[resource]]
    if account:
        source, parameters = source + " AND account = ?", [*parameters, account]
    last = ""
    while True:
        with store.lock:
            rows = store.rows(
                f"SELECT sid, CAST(body AS BLOB) FROM {source} AND sid > ? ORDER BY sid LIMIT ?",  # noqa: S608
                [*parameters, last, BATCH],
            )
        if not rows:
            return
        for _, body in rows:
            yield body + b"\n"
        last = rows[-1][0]
