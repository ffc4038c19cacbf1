"""What a session knows of itself: when it ends, and that its person has a second factor.

A session lasts SESSION_HOURS from the sign-in, whatever is done in it, or from the last time that
somebody asked to stay signed in. Pages are told the moment and warn before it (UX-53).
"""

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from portal.models import User

ENDS = "ends"  # seconds since 1970
SECOND_FACTOR = "second_factor"


def begin(session: SessionBase) -> None:
    """Let the session last its full time from now on."""
    session[ENDS] = int(time.time()) + settings.SESSION_COOKIE_AGE


def seconds_left(session: SessionBase) -> int:
    ends: int = session.get(ENDS, 0)
    return max(0, ends - int(time.time()))


def is_over(session: SessionBase) -> bool:
    return ENDS in session and not seconds_left(session)


def forget_ended() -> None:
    """Delete what is left of sessions that ran out, and with them addresses and browsers of people."""
    SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def end_all(user: User, *, keep: str | None = None) -> int:
    """Sign a person out everywhere, but not from the session with the key `keep`; return how many ended."""
    ended = 0
    for session in UserSession.objects.filter(user=user).exclude(session_key=keep):
        session.end()
        ended += 1
    return ended
