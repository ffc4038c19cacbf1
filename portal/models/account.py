from typing import Self

from django.db import models

from portal.models.fields import SidField
from portal.models.mirrored import Mirrored, MirroredQuerySet
from portal.secrets import EncryptedTextField
from portal.twilio.errors import NoCredentials
from portal.twilio.login import Login


class TwilioAccountQuerySet(MirroredQuerySet):
    def watched(self) -> Self:
        """Accounts that the sync reads: present, and not switched off here."""
        return self.present().filter(is_watched=True)

    def parents(self) -> Self:
        return self.filter(owner_sid=models.F("sid"))


class TwilioAccount(Mirrored):
    """A Twilio account or subaccount, with the credentials that reach it.

    `api.twilio.com` lets a parent's auth token into its subaccounts; the other hosts ask for the
    account's own credentials, and an API key never leaves its account
    (https://www.twilio.com/docs/iam/api/subaccounts).
    """

    friendly_name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=20, blank=True)
    type = models.CharField(max_length=20, blank=True)
    owner_sid = SidField(blank=True)

    # Ours
    auth_token = EncryptedTextField(blank=True, db_default="")
    api_key_sid = SidField(blank=True, db_default="")
    api_key_secret = EncryptedTextField(blank=True, db_default="")
    is_watched = models.BooleanField("read by the sync", default=True, db_default=True)

    objects = TwilioAccountQuerySet.as_manager()

    class Meta:
        ordering = ["friendly_name", "sid"]

    def __str__(self) -> str:
        return self.friendly_name or self.sid

    @property
    def is_subaccount(self) -> bool:
        return bool(self.owner_sid) and self.owner_sid != self.sid

    def own_login(self) -> Login | None:
        """Credentials of this very account, an API key before the auth token."""
        if self.api_key_sid and self.api_key_secret:
            return Login(self.sid, self.api_key_sid, self.api_key_secret)
        if self.auth_token:
            return Login(self.sid, self.sid, self.auth_token)
        return None

    def require_own_login(self) -> Login:
        """The same for the hosts that let nobody else in; NoCredentials without any."""
        login = self.own_login()
        if login is None:
            raise NoCredentials("There are no credentials of this account itself.")
        return login

    def token_login(self) -> Login | None:
        """The auth token where there is one: standard API keys may not read accounts."""
        return Login(self.sid, self.sid, self.auth_token) if self.auth_token else self.own_login()

    def api_login(self) -> Login | None:
        """Credentials for this account's resources on `api.twilio.com`: its own, or its parent's token."""
        if own := self.own_login():
            return own
        if self.is_subaccount:
            parent = TwilioAccount.objects.filter(pk=self.owner_sid).first()
            if parent and parent.auth_token:
                return Login(self.sid, parent.sid, parent.auth_token)
        return None
