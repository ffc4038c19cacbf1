from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How hard a read tries: attempts, and the seconds after which no further one is begun."""

    attempts: int
    seconds: float


IN_A_REQUEST = Patience(attempts=3, seconds=4)  # somebody is looking at a page that loads
IN_A_TASK = Patience(attempts=6, seconds=90)
