"""A stateful stand-in for Twilio, for demos and tests.

One `Sandbox` over one SQLite file answers requests as Twilio's own hosts would. It has two doors:
an HTTP server (`manage.py sandbox`) and an adapter for a `requests` session (`inprocess`).
It knows nothing of the portal it is used with.
"""
