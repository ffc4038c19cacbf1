"""Mails about signing in, as plain text. Workers send them: see `tasks.py`."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from portal.models import User


def send_password_link(email: str, template: str) -> None:
    """Send a link to choose a password, if somebody who may sign in has this address."""
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        return
    key = default_token_generator.make_token(person)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(person), key])
    days = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
    _send(person, template, link=settings.PUBLIC_URL + path, days=days)


def send_notice(person_pk: int, template: str, **context: Any) -> None:
    """Tell somebody that the keys to their account were changed."""
    if person := User.objects.filter(pk=person_pk).first():
        _send(person, template, **context)


def _send(person: User, template: str, **context: Any) -> None:
    context |= {"person": person, "installation": settings.PUBLIC_URL}
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    message = render_to_string(f"{template}_message.txt", context).strip() + "\n"
    send_mail(
        settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + subject, message, settings.DEFAULT_FROM_EMAIL, [person.email]
    )
