"""What the states of use are called on screen."""

from collections.abc import Mapping

from inventory.models import NumberActivity
from portal.labels import Label, Labels

ACTIVITIES: Labels = {
    NumberActivity.State.ACTIVE: Label("Active", "ok"),
    NumberActivity.State.NEW: Label("Too new", "off"),
    NumberActivity.State.HOSTED: Label("Hosted", "off"),
    NumberActivity.State.UNKNOWN: Label("Not known", "wait"),
    NumberActivity.State.IDLE: Label("Idle", "bad"),
}
REASONS: Mapping[str, str] = {
    NumberActivity.State.ACTIVE: "It has three calls or three messages that count.",
    NumberActivity.State.NEW: "It has not been ours for the whole month yet.",
    NumberActivity.State.HOSTED: "Its calls are carried elsewhere, so it is not Twilio's to take back.",
    NumberActivity.State.UNKNOWN: "Not every day of the month has been read yet.",
    NumberActivity.State.IDLE: "It has neither three calls nor three messages that count.",
}
