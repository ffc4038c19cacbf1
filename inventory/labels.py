"""What the inventory's codes are called on screen."""

from portal.labels import Label, Labels

CAPABILITIES = {"voice": "Voice", "sms": "SMS", "mms": "MMS", "fax": "Fax"}
ORIGINS = {"twilio": "Twilio", "hosted": "Hosted"}
ADDRESS_REQUIREMENTS = {
    "none": "No address needed",
    "any": "An address anywhere",
    "local": "An address in the country",
    "foreign": "An address outside the country",
}
STATUSES: Labels = {
    "in-use": Label("In use", "ok"),
    "pending": Label("Pending", "wait"),
    "pending-verification": Label("Pending verification", "wait"),
    "pending-loa": Label("Waiting for the letter of authorization", "wait"),
    "failed": Label("Failed", "bad"),
}
EMERGENCY_STATUSES: Labels = {"Active": Label("Active", "ok"), "Inactive": Label("Not active", "off")}
EMERGENCY_ADDRESS_STATUSES: Labels = {
    "registered": Label("Registered", "ok"),
    "unregistered": Label("Not registered", "off"),
    "pending-registration": Label("Registering", "wait"),
    "pending-unregistration": Label("Unregistering", "wait"),
    "registration-failure": Label("Registration failed", "bad"),
    "unregistration-failure": Label("Unregistration failed", "bad"),
}
