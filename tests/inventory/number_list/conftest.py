import pytest

from inventory.models import PhoneNumber
from tests.factories import make_account, make_number
from tests.inventory.number_list.one_of_each import STOCK
from tests.inventory.stock import list_numbers, make_numbers


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def other(db):
    return make_account(friendly_name="Theirs")


@pytest.fixture
def stock(account, other):
    make_numbers(account, STOCK)
    make_number(other, friendly_name="Elsewhere")
    gone = make_number(other, friendly_name="Gone")
    list_numbers(other, [n.payload for n in PhoneNumber.objects.filter(account=other).exclude(pk=gone.pk)])
