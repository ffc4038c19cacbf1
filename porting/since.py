"""Since when something has the status it has. Twilio tells only when it was changed last, so it is noted.

Deadlines are counted from it: what is learned late, after days without a connection, is dated by Twilio's
own word as far as that can be meant.
"""

from django.db.models import Case, F, When
from django.db.models.functions import Coalesce, Least, Now

_FIRST = When(status_seen="", then=Coalesce(F("remote_updated_at"), Now()))
# Where the date of the last change was read as well: it is that of the status, if it is newer than the last.
DATED = Case(
    _FIRST,
    When(remote_updated_at__gt=F("status_since"), then=Least(F("remote_updated_at"), Now())),
    default=Now(),
)
# Where it was not.
UNDATED = Case(_FIRST, default=Now())
