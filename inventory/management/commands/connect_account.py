import getpass
import os
import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inventory.actions import connect_account
from portal.twilio.errors import TwilioFailure


class Command(BaseCommand):
    help = (
        "Connect a Twilio account. Reads TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_API_KEY and "
        "TWILIO_API_SECRET from the environment and asks for what is missing. The credentials are tried at "
        "Twilio, encrypted and never shown again. Run it again to replace them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sid = os.environ.get("TWILIO_ACCOUNT_SID") or input("Account SID: ")
        if not re.fullmatch(r"AC[0-9a-fA-F]{32}", sid):
            raise CommandError("An account SID is AC and 32 letters or digits.")
        token = os.environ.get("TWILIO_AUTH_TOKEN")
        key, secret = os.environ.get("TWILIO_API_KEY", ""), os.environ.get("TWILIO_API_SECRET", "")
        if token is None and not (key and secret):
            token = getpass.getpass("Auth token: ")
        if bool(key) != bool(secret):
            raise CommandError("Give both TWILIO_API_KEY and TWILIO_API_SECRET, or neither.")
        try:
            account = connect_account(sid=sid, auth_token=token or "", api_key_sid=key, api_key_secret=secret)
        except TwilioFailure as failure:
            raise CommandError(f"Twilio did not accept this: {failure.words}") from failure
        self.stdout.write(f"Connected {account} ({account.sid}). `manage.py sync_twilio` reads it now.")
