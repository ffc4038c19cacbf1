"""What the subresources of a bundle have in common."""

from portal.sandbox.call import Call
from portal.sandbox.lists import fetch
from portal.sandbox.regulatory.resources import Bundle


def fetch_bundle(call: Call) -> Bundle:
    """The bundle whose subresource is asked for."""
    return fetch(call, Bundle, call.params["BundleSid"])
