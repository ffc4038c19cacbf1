"""What the register's codes are called on screen."""

from collections.abc import Mapping

from inventory.senders import actions
from inventory.senders.rules import Kind
from portal.labels import Label

KINDS: Mapping[Kind, str] = {
    Kind.ALPHANUMERIC: "Alphanumeric",
    Kind.SHORT_CODE: "Short code",
    Kind.NUMBER: "Phone number",
}
DEFAULT = Label("Default", "ok")
OPERATIONS: Mapping[str, str] = {
    actions.ADD_SENDER: "Sender ID added",
    actions.REMOVE_SENDER: "Sender ID removed",
    actions.SET_DEFAULT: "Default changed",
}
PROPERTIES: Mapping[str, str] = {"sender": "Registered sender ID", "default_sender": "Default sender ID"}
