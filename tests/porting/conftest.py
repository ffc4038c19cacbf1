"""People who port and host, and a parent account with an address to host numbers at."""

import pytest
from django.test import Client

from inventory.models import Address
from portal.models import Role, TwilioAccount, User
from tests.factories import make_user
from tests.mirroring import complete


@pytest.fixture
def porter(db: None) -> User:
    return make_user(Role.PORTING)


@pytest.fixture
def as_porter(porter: User) -> Client:
    client = Client()
    client.force_login(porter)
    return client


@pytest.fixture
def address(parent: TwilioAccount) -> Address:
    """An American address of the parent's, as Twilio has it."""
    complete(parent, "addresses")
    return Address.objects.present().filter(account=parent, iso_country="US").order_by("pk")[0]
