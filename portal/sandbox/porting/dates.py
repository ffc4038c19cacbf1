"""The date and the window a port is asked for, in local time as they come and in UTC as they are kept."""

from datetime import UTC, date, datetime, time

from portal.sandbox.porting.resources import PortIn


def read_date(text: object) -> date:
    """`2011-12-03`; ValueError otherwise."""
    if not isinstance(text, str) or len(text) != 10:
        raise ValueError(text)
    return date.fromisoformat(text)


def read_time(text: object) -> time:
    """`10:15:00-08:00`: a time with its offset; ValueError otherwise."""
    if not isinstance(text, str):
        raise ValueError(text)
    found = time.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def port_moment(port_in: PortIn) -> int | None:
    """When a port is to begin, if a date was asked for."""
    if not port_in.target_port_in_date:
        return None
    start = port_in.target_port_in_time_range_start
    return _seconds(port_in.target_port_in_date, start or "00:00:00+00:00")


def in_utc(port_in: PortIn) -> dict[str, str | None]:
    """The three values as they are stored: the date is that of the window's start in UTC (doc page 15)."""
    day, start, end = (
        port_in.target_port_in_date,
        port_in.target_port_in_time_range_start,
        port_in.target_port_in_time_range_end,
    )
    kept = {
        "target_port_in_date": day,
        "target_port_in_time_range_start": start,
        "target_port_in_time_range_end": end,
    }
    if day and start:
        moment = datetime.fromtimestamp(_seconds(day, start), UTC)
        kept |= {
            "target_port_in_date": f"{moment:%Y-%m-%d}",
            "target_port_in_time_range_start": _zulu(moment),
        }
    if day and end:
        kept["target_port_in_time_range_end"] = _zulu(datetime.fromtimestamp(_seconds(day, end), UTC))
    return kept


def _seconds(day: str, moment: str) -> int:
    return int(datetime.combine(read_date(day), read_time(moment)).timestamp())


def _zulu(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}Z"
