from django.db import transaction

from portal.models import Note, User
from porting.following.telling.correction import note_of
from porting.models import PortInRequest


def keep_correction(*, old: PortInRequest, new: PortInRequest, body: str, actor: User) -> Note:
    """Note for the customer what was filed again, in the histories of both requests. There is one such."""
    with transaction.atomic(durable=True):
        PortInRequest.objects.select_for_update().only("pk").get(pk=new.pk)  # a double press makes one
        return note_of(old, new) or Note.objects.create(
            target=new.pk,
            also_on=old.pk,
            account_id=new.account_id,
            author=actor,
            audience=Note.Audience.CUSTOMER,
            body=body,
        )
