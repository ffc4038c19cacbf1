"""TwiML applications, which numbers refer to."""

from portal.sandbox.call import API, Call, Route
from portal.sandbox.documents import fetch_document, list_documents
from portal.sandbox.resources import Application
from portal.sandbox.wire import Answer, ok

APPLICATIONS = "/2010-04-01/Accounts/{AccountSid}/Applications"


def list_applications(call: Call) -> Answer:
    return list_documents(
        call, Application, "applications", {"friendly_name": call.query.get("FriendlyName") or None}
    )


def fetch_application(call: Call) -> Answer:
    return ok(fetch_document(call, Application))


ROUTES = (
    Route("GET", API, APPLICATIONS + ".json", list_applications),
    Route("GET", API, APPLICATIONS + "/{Sid}.json", fetch_application),
)
