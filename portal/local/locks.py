"""Locks on files. The kernel lets go of them when the last process that holds one ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def take(path: Path) -> int | None:
    """A descriptor that holds the lock until it is closed, or None when somebody else holds it.

    A child that inherits the descriptor (`pass_fds`) holds the lock too, and so do its own children:
    then the lock tells whether any of them is still alive.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def note(lock: int, pid: int) -> None:
    """Write into the lock's file which process holds it."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(pid).encode(), 0)


@contextmanager
def waiting_for(path: Path) -> Iterator[None]:
    """Hold the lock, after waiting for whoever holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
