"""How many queries a page costs: a committed baseline, so that one more shows in the change that adds it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

BASELINE = Path(__file__).with_name("query_counts.json")


@contextmanager
def counted(name: str) -> Iterator[None]:
    """Fail unless what happens here takes as many queries as the baseline says.

    `COUNT_QUERIES=1 make test` writes the baseline anew.
    """
    with CaptureQueriesContext(connection) as queries:
        yield
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if os.environ.get("COUNT_QUERIES"):
        BASELINE.write_text(json.dumps({**baseline, name: len(queries)}, indent=2, sort_keys=True) + "\n")
        return
    said = "\n".join(query["sql"][:200] for query in queries)
    assert len(queries) == baseline.get(name), f"{name}: {len(queries)}, not {baseline.get(name)}\n{said}"
