"""What administrators do with people. Each act is written down where the stock admin writes its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from allauth.mfa.models import Authenticator
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from portal.models import Membership, Role, TwilioAccount, User
from portal.people import sessions, tasks

# Per role the accounts it holds on, by sid; None means all of them, also future ones.
Roles = Mapping[Role, frozenset[str] | None]


@dataclass(frozen=True)
class Standing:
    """Who somebody is and what they may do: everything an administrator can change."""

    email: str
    first_name: str
    last_name: str
    roles: Roles

    @classmethod
    def of(cls, person: User) -> "Standing":
        return cls(person.email, person.first_name, person.last_name, roles_of(person))


class ChangedMeanwhile(Exception):
    """Somebody else changed this person since the form was opened."""


class Refused(Exception):
    """It cannot be done. The words are for the person who tried."""


def roles_of(person: User) -> dict[Role, frozenset[str] | None]:
    memberships = person.memberships.prefetch_related("accounts")
    return {
        Role(membership.role): None
        if membership.all_accounts
        else frozenset(account.pk for account in membership.accounts.all())
        for membership in sorted(memberships, key=lambda membership: Role.values.index(membership.role))
    }


def require_may_manage(person: User, actor: User) -> None:
    """Whoever is no superuser leaves superusers alone: else a new password would make them one."""
    if person.is_superuser and not actor.is_superuser:
        raise PermissionDenied(f"{person} is a superuser, and only a superuser can change that sign-in.")


def add_person(standing: Standing, *, actor: User) -> User:
    """Let somebody in, and send them a link to choose their password."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                person = User.objects.create_user(
                    standing.email, first_name=standing.first_name, last_name=standing.last_name
                )
        except IntegrityError:
            raise Refused("Somebody already signs in with this address") from None
        _give_roles(person, standing.roles)
        lines = [f"Given: {words}" for words in _in_words(standing.roles).values()]
        _note(person, actor, ["Added, and sent a link to choose a password", *lines], flag=ADDITION)
    tasks.post_invitation(person)
    return person


def change_person(person: User, wanted: Standing, *, opened_with: str, actor: User) -> list[str]:
    """Give somebody the wanted names and roles; return what changed, in words."""
    require_may_manage(person, actor)
    if person == actor and not actor.is_superuser and wanted.roles.get(Role.ADMIN, ()) is not None:
        raise Refused("You cannot take the administrator role on all accounts from yourself.")
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        now = Standing.of(person)
        if fingerprint(now) != opened_with:
            raise ChangedMeanwhile
        lines = _differences(now, wanted)
        if lines:
            person.email, person.first_name, person.last_name = (
                wanted.email,
                wanted.first_name,
                wanted.last_name,
            )
            person.save(update_fields=["email", "first_name", "last_name"])
            _give_roles(person, wanted.roles)
            _note(person, actor, lines)
    return lines


def set_active(person: User, *, active: bool, actor: User) -> None:
    """Switch a sign-in off, which ends its sessions, or on again."""
    require_may_manage(person, actor)
    if person == actor:
        raise Refused("You cannot switch your own sign-in off.")
    if person.is_active == active:
        return
    person.is_active = active
    person.save(update_fields=["is_active"])
    if not active:
        sessions.end_all(person)
    _note(person, actor, ["Sign-in switched on" if active else "Sign-in switched off"])


def send_link(person: User, *, actor: User) -> None:
    """Send a link to choose a password: the first one, or a new one."""
    require_may_manage(person, actor)
    if person.has_usable_password():
        tasks.post_password_link(person.email)
    else:
        tasks.post_invitation(person)
    _note(person, actor, ["Sent a link to choose a password"])


def reset_second_factor(person: User, *, actor: User) -> None:
    """Take a lost second factor away, and end the sessions that were opened with it."""
    require_may_manage(person, actor)
    removed, _ = Authenticator.objects.filter(user=person).delete()
    if removed:
        sessions.end_all(person)
        _note(person, actor, ["Second factor removed"])


def sign_out_everywhere(person: User, *, actor: User) -> int:
    require_may_manage(person, actor)
    ended = sessions.end_all(person)
    _note(person, actor, ["Signed out everywhere"])
    return ended


def fingerprint(standing: Standing) -> str:
    """What a form carries to see whether somebody else was faster."""
    roles = {role.value: None if sids is None else sorted(sids) for role, sids in standing.roles.items()}
    text = repr((standing.email, standing.first_name, standing.last_name, sorted(roles.items())))
    return sha256(text.encode()).hexdigest()[:16]


def _give_roles(person: User, roles: Roles) -> None:
    person.memberships.exclude(role__in=roles).delete()
    for role, sids in roles.items():
        membership, _ = Membership.objects.update_or_create(
            user=person, role=role, defaults={"all_accounts": sids is None}
        )
        membership.accounts.set(TwilioAccount.objects.filter(pk__in=sids or ()))


def _differences(before: Standing, after: Standing) -> list[str]:
    lines = []
    if before.email != after.email:
        lines.append(f"Email address: {before.email} → {after.email}")
    name_before, name_after = _name(before), _name(after)
    if name_before != name_after:
        lines.append(f"Name: {name_before or 'none'} → {name_after or 'none'}")
    old, new = _in_words(before.roles), _in_words(after.roles)
    lines += [f"Taken: {words}" for role, words in old.items() if new.get(role) != words]
    lines += [f"Given: {words}" for role, words in new.items() if old.get(role) != words]
    return lines


def _name(standing: Standing) -> str:
    return f"{standing.first_name} {standing.last_name}".strip()


def _in_words(roles: Roles) -> dict[Role, str]:
    sids = {sid for some in roles.values() for sid in some or ()}
    names = (
        {account.pk: str(account) for account in TwilioAccount.objects.filter(pk__in=sids)} if sids else {}
    )
    return {
        role: f"{role.label} on all accounts"
        if some is None
        else f"{role.label} on {', '.join(sorted(names.get(sid, sid) for sid in some))}"
        for role, some in roles.items()
    }


def _note(person: User, actor: User, lines: list[str], *, flag: int = CHANGE) -> None:
    LogEntry.objects.create(
        user=actor,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(person.pk),
        object_repr=str(person)[:200],
        action_flag=flag,
        change_message="\n".join(lines),
    )
