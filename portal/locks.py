from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseFault
from django.db import connection


@contextmanager
def advisory_lock(name: str) -> Iterator[bool]:
    """Hold a lock of this name while it is free; gives whether it was.

    It belongs to the database connection and dies with it, so a killed process blocks nobody.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            _give_back(name)


def _give_back(name: str) -> None:
    """Without a usable connection there is nothing to give back."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    except DatabaseFault:
        connection.close()
