import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from inventory.actions import connect_account
from portal.models import Membership, Role, User

PASSWORD = "numberdesk-demo"  # noqa: S105  # public on purpose: the demo's data is invented


class Command(BaseCommand):
    help = "Make the demo's sign-ins and connect the sandbox. Only where Twilio is the sandbox."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO or not settings.TWILIO_BASE_URL:
            raise CommandError("Demo sign-ins exist only in the local demo, never beside a real account.")
        with transaction.atomic():
            for role in Role:
                user, is_new = User.objects.get_or_create(email=f"{role.value}@example.com")
                if is_new or not user.check_password(PASSWORD):
                    user.first_name = role.label
                    user.is_staff = user.is_superuser = role == Role.ADMIN
                    user.set_password(PASSWORD)
                    user.save()
                Membership.objects.update_or_create(user=user, role=role, defaults={"all_accounts": True})
        account = connect_account(
            sid=os.environ["TWILIO_ACCOUNT_SID"],
            auth_token=os.environ["TWILIO_AUTH_TOKEN"],
            api_key_sid=os.environ.get("TWILIO_API_KEY", ""),
            api_key_secret=os.environ.get("TWILIO_API_SECRET", ""),
        )
        self.stdout.write(f"The demo is set up with {account}.")
