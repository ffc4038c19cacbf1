"""Time zones in which a port can be asked for: those of the country, that of the number first. Pure."""

from phonenumbers import parse
from phonenumbers.phonenumberutil import NumberParseException
from phonenumbers.timezone import time_zones_for_number

_ZONES = {
    "US": {
        "America/New_York": "Eastern",
        "America/Chicago": "Central",
        "America/Denver": "Mountain",
        "America/Phoenix": "Mountain, Arizona",
        "America/Los_Angeles": "Pacific",
        "America/Anchorage": "Alaska",
        "Pacific/Honolulu": "Hawaii",
        "America/Puerto_Rico": "Atlantic",
    },
    "JP": {"Asia/Tokyo": "Japan"},
}


def zones_for(country: str, number: str) -> list[tuple[str, str]]:
    """Zone and its name, the one where the number is from first, and UTC last."""
    zones = dict(_ZONES.get(country, {}))
    try:
        local = [zone for zone in time_zones_for_number(parse(number)) if zone in zones]
    except NumberParseException:
        local = []
    first = local[:1]
    ordered = [*first, *(zone for zone in zones if zone not in first)]
    return [*((zone, f"{zones[zone]} time") for zone in ordered), ("UTC", "UTC")]
