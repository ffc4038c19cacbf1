"""Numbers of which each filter finds some and leaves some."""

from tests.factories import make_sid

APPLICATION, TRUNK, BUNDLE, ADDRESS = (make_sid(kind) for kind in ("AP", "TK", "BU", "AD"))


def can(*names):
    return {name: name in names for name in ("voice", "sms", "mms", "fax")}


# One number for every value of every filter, most of them alike in the rest.
STOCK = [
    {"friendly_name": "plain"},
    {
        "friendly_name": "Front desk", "phone_number": "+14155550142", "owner": "Ada",
        "tags": ["desk", "night"],
    },
    {
        "friendly_name": "back desk 100%", "phone_number": "+14155550143", "cost_centre": "4711",
        "tags": ["desk"],
    },
    {
        "friendly_name": "Berlin", "phone_number": "+493023125017", "address_sid": ADDRESS,
        "bundle_sid": BUNDLE, "address_requirements": "local", "capabilities": can("voice"), "sms_url": "",
    },
    {
        "friendly_name": "London", "phone_number": "+447700900123", "type": "mobile",
        "capabilities": can("sms", "mms"), "voice_url": "", "address_requirements": "foreign",
    },
    {"friendly_name": "Free", "phone_number": "+18005550199", "type": "tollfree", "beta": True},
    {
        "friendly_name": "Trunk", "trunk_sid": TRUNK, "voice_application_sid": APPLICATION,
        "sms_application_sid": APPLICATION, "capabilities": can("voice", "sms", "fax"),
    },
    {"friendly_name": "App", "voice_application_sid": APPLICATION, "sms_url": ""},
    {"friendly_name": "Nowhere", "voice_url": "", "sms_url": "", "origin": "hosted", "status": "pending-loa"},
    {
        "friendly_name": "Emergency", "emergency_address_sid": ADDRESS, "emergency_status": "Active",
        "emergency_address_status": "registered", "address_requirements": "any",
    },
    {
        "friendly_name": "Failing", "emergency_address_sid": make_sid("AD"),
        "emergency_address_status": "registration-failure",
    },
    {"friendly_name": "Old", "date_created": "Sun, 31 Dec 2017 23:59:59 +0000"},
    {"friendly_name": "New", "date_created": "Mon, 01 Jan 2018 00:00:00 +0000"},
    {"friendly_name": "Nowhere on earth", "phone_number": "+88312345678", "type": "satellite"},
]  # fmt: skip


ALL = [row["friendly_name"] for row in STOCK] + ["Elsewhere"]
