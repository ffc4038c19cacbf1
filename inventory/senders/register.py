from inventory.models import PhoneNumber, SenderId, SenderIdQuerySet


def default_sender_of(number: PhoneNumber) -> SenderIdQuerySet:
    """Where this number is the default sender ID, on whichever account: its release would break that."""
    return SenderId.objects.defaults().filter(sender=number.phone_number).order_by("country")
