"""Our URLs, and an endpoint of a kind that no area has."""

from django.urls import include, path

from portal.webhooks.callbacks import Fields, sid_in
from portal.webhooks.intake import Hint, receiver

TASK = "receive_parcel_callback"


def read(fields: Fields) -> Hint | None:
    sid = sid_in(fields, "parcelsid", "PX")
    return Hint(sid, {"status": fields.get("status", "")}) if sid else None


urlpatterns = [
    path("webhooks/parcels/", receiver(kind="parcel", read=read, task=TASK), name="parcel-callback"),
    path("", include("portal.urls")),
]
