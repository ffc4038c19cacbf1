"""One box that finds anything: a number in any format, a SID, a name (Q1). May look into every area."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet, Value
from django.urls import reverse

from compliance.documents.words import type_words
from compliance.labels import BUNDLE_STATES, DOCUMENT_STATES, end_user_type_name
from compliance.models import Bundle, EndUser, Regulation, SupportingDocument
from inventory.models import Address, Application, PhoneNumber
from inventory.querysets import ILike, PhoneNumberQuerySet, has_digits, is_digits, like_escape
from portal.access import Access
from portal.labels import label_for
from portal.models import TwilioAccount
from portal.numbering import country_name, read_number, spaced, type_name
from porting.models import AuthorizationDocument, HostedOrder, PortInNumber, PortInRequest
from porting.models.port_in import HEAVY, has_ticket, requests_about
from porting.statuses import AUTHORIZATION_STATES, HOSTED_ORDER_STATES, PORT_IN_STATES

PER_KIND = 8
_FEWEST_DIGITS = 4  # fewer are in too many numbers of requests and orders to say anything
_PERSONAL = ("payload", "attributes", "value_fingerprints")  # and large: a list does without
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    detail: str
    url: str
    is_over: bool = False  # nothing happens to it any more


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    hits: Sequence[Hit]
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, and the one page to open at once when the text names exactly one thing."""

    groups: Sequence[Group]
    exact_url: str = ""

    @property
    def count(self) -> int:
        return sum(len(group.hits) for group in self.groups)


def find(text: str, access: Access) -> Findings:
    """What this person may see of what the text means, at most PER_KIND of a kind."""
    text = text.replace("\0", "").strip()  # Postgres has no text with it
    if not text:
        return Findings([])
    if _SID.fullmatch(text):
        groups = _by_sid(text, access)
        return Findings(groups, _only_url(groups))
    numbers: PhoneNumberQuerySet = access.visible(PhoneNumber.objects.for_table())
    if e164 := read_number(text):
        same = Q(phone_number=e164)
        groups = [Group("Numbers", _number_hits(numbers.filter(same))), *_porting_groups(same, text, access)]
        if groups := _filled(groups):
            return Findings(groups, _only_url(groups))
    found = _number_hits(numbers.matching(text).order_by("phone_number", "sid")[: PER_KIND + 1])
    groups = [_some("Numbers", found, "inventory:number-list", text)]
    if not re.search(r"[^\d\s().\-/+*#]", text):
        digits = re.sub(r"\D", "", text)
        if len(digits) >= _FEWEST_DIGITS:
            groups += _porting_groups(Q(has_digits(text)) if is_digits(text) else Q(pk=""), text, access)
        return Findings(_filled(groups), _only_url(groups) if len(digits) >= 7 else "")
    groups += [
        Group(
            "Addresses",
            _address_hits(_named(access.visible(Address.objects.present()), "customer_name", text)),
        ),
        Group(
            "Applications",
            _application_hits(_named(access.visible(Application.objects.present()), "friendly_name", text)),
        ),
        Group(
            "Bundles",
            _bundle_hits(_named(access.visible(Bundle.objects.present()), "friendly_name", text)),
        ),
        Group(
            "End users",
            _end_user_hits(_named(access.visible(EndUser.objects.present()), "friendly_name", text)),
        ),
        Group(
            "Documents",
            _document_hits(
                _named(access.visible(SupportingDocument.objects.present()), "friendly_name", text)
            ),
        ),
        _port_in_group(has_ticket(text), "", access),
        Group(
            "Accounts",
            _account_hits(
                _named(access.visible(TwilioAccount.objects.present(), field="sid"), "friendly_name", text)
            ),
        ),
    ]
    return Findings(_filled(groups))


def _by_sid(sid: str, access: Access) -> list[Group]:
    numbers = access.visible(PhoneNumber.objects.for_table())
    match sid[:2]:
        case "PN":
            groups = [Group("Numbers", _number_hits(numbers.filter(pk=sid)))]
        case "AD":
            groups = [Group("Addresses", _address_hits(access.visible(Address.objects.filter(pk=sid))))]
        case "AP":
            groups = [
                Group("Applications", _application_hits(access.visible(Application.objects.filter(pk=sid))))
            ]
        case "AC":
            groups = [
                Group(
                    "Accounts",
                    _account_hits(access.visible(TwilioAccount.objects.filter(pk=sid), field="sid")),
                )
            ]
        case "BU" if hits := _bundle_hits(access.visible(Bundle.objects.filter(pk=sid))):
            groups = [Group("Bundles", hits)]
        case "IT":
            groups = [Group("End users", _end_user_hits(access.visible(EndUser.objects.filter(pk=sid))))]
        case "RD":
            documents = access.visible(SupportingDocument.objects.filter(pk=sid))
            groups = [Group("Documents", _document_hits(documents))]
        case "RN":
            groups = [Group("Regulations", _regulation_hits(Regulation.objects.filter(pk=sid)))]
        case "HR":
            groups = [_order_group(Q(pk=sid), "", access)]
        case "BH":
            groups = [_order_group(Q(bulk_sid=sid), "", access)]
        case "KW":
            groups = [_port_in_group(Q(pk=sid), "", access)]
        case "PU":
            groups = [
                _port_in_group(Q(pk__in=PortInNumber.objects.filter(pk=sid).values("request")), "", access)
            ]
        case "PX":
            letters = access.visible(AuthorizationDocument.objects.filter(pk=sid).select_related("account"))
            groups = [Group("Letters of authorization", _letter_hits(letters))]
        case _:
            holding = numbers.filter(Q(bundle_sid=sid) | Q(trunk_sid=sid)).order_by("phone_number")
            groups = [Group("Numbers that name it", _number_hits(holding[:PER_KIND]))]
    return _filled(groups)


def _porting_groups(having: Q, text: str, access: Access) -> list[Group]:
    """Requests and orders with such a number, and requests of which the text is the ticket. Two queries."""
    return [
        _port_in_group(Q(pk__in=requests_about(having, text)), text, access),
        _order_group(having, text, access),
    ]


def _port_in_group(having: Q, text: str, access: Access) -> Group:
    rows = access.visible(PortInRequest.objects.filter(having)).select_related("account").defer(*HEAVY)
    hits = _port_in_hits(rows.order_by("-remote_created_at", "sid")[: PER_KIND + 1])
    return _some("Port-in requests", hits, "porting:port-in-list", text)


def _order_group(having: Q, text: str, access: Access) -> Group:
    rows = access.visible(HostedOrder.objects.filter(having)).select_related("account").defer("payload")
    hits = _order_hits(rows.order_by("-remote_created_at", "sid")[: PER_KIND + 1])
    return _some("Hosted orders", hits, "porting:hosted-order-list", text)


def _some(label: str, hits: Sequence[Hit], list_name: str, text: str) -> Group:
    """The first of them, and where the others are."""
    more = f"{reverse(list_name)}?{urlencode({'q': text})}" if len(hits) > PER_KIND and text else ""
    return Group(label, hits[:PER_KIND], more)


def _named(rows: QuerySet, field: str, text: str) -> QuerySet:  # type: ignore[type-arg]
    patterns = [Value(f"%{like_escape(word)}%") for word in text.split()]
    matches = (Q(ILike(F(field), pattern)) | Q(ILike(F("friendly_name"), pattern)) for pattern in patterns)
    return rows.filter(*matches).order_by(field, "sid")[:PER_KIND]


def _filled(groups: Iterable[Group]) -> list[Group]:
    return [group for group in groups if group.hits]


def _only_url(groups: Sequence[Group]) -> str:
    """Where the one thing is that was meant; what is over yields to what is not."""
    hits = [hit for group in groups for hit in group.hits]
    hits = [hit for hit in hits if not hit.is_over] or hits
    return hits[0].url if len(hits) == 1 else ""


def _number_hits(numbers: Iterable[PhoneNumber]) -> list[Hit]:
    return [
        Hit(
            spaced(number.phone_number),
            _joined(
                number.friendly_name,
                country_name(number.country),
                type_name(number.number_type),
                str(number.account),
                "No longer listed by Twilio" if number.missing_since else "",
            ),
            reverse("inventory:number-detail", args=[number.pk]),
            is_over=number.missing_since is not None,
        )
        for number in numbers
    ]


def _address_hits(addresses: Iterable[Address]) -> list[Hit]:
    return [
        Hit(str(address), ", ".join(address.lines), reverse("inventory:address-detail", args=[address.pk]))
        for address in addresses
    ]


def _bundle_hits(bundles: QuerySet[Bundle]) -> list[Hit]:
    rows = bundles.select_related("account", "regulation").defer(
        "payload", "regulation__payload", "email", "review_reason"
    )
    return [
        Hit(
            str(bundle),
            _joined(
                label_for(BUNDLE_STATES, bundle.status).word,
                str(bundle.regulation or ""),
                str(bundle.account),
                "No longer at Twilio" if bundle.missing_since else "",
            ),
            bundle.get_absolute_url(),
        )
        for bundle in rows
    ]


def _end_user_hits(end_users: QuerySet[EndUser]) -> list[Hit]:
    rows = end_users.select_related("account").defer(*_PERSONAL)
    return [
        Hit(
            str(end_user),
            _joined(end_user_type_name(end_user.type), str(end_user.account)),
            end_user.get_absolute_url(),
        )
        for end_user in rows
    ]


def _document_hits(documents: QuerySet[SupportingDocument]) -> list[Hit]:
    rows = documents.select_related("account").defer(*_PERSONAL)
    return [
        Hit(
            str(document),
            _joined(
                type_words(document.type),
                label_for(DOCUMENT_STATES, document.status).word,
                str(document.account),
            ),
            document.get_absolute_url(),
        )
        for document in rows
    ]


def _regulation_hits(regulations: QuerySet[Regulation]) -> list[Hit]:
    return [
        Hit(
            str(regulation),
            "No longer in force" if regulation.missing_since else "In force",
            regulation.get_absolute_url(),
        )
        for regulation in regulations.defer("payload")
    ]


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _application_hits(applications: Iterable[Application]) -> list[Hit]:
    return [
        Hit(str(app), app.pk, f"{reverse('inventory:number-list')}?{urlencode({'application': app.pk})}")
        for app in applications
    ]


def _account_hits(accounts: Iterable[TwilioAccount]) -> list[Hit]:
    return [
        Hit(
            str(account),
            account.pk,
            f"{reverse('inventory:number-list')}?{urlencode({'account': account.pk})}",
        )
        for account in accounts
    ]


def _order_hits(orders: Iterable[HostedOrder]) -> list[Hit]:
    return [
        Hit(
            spaced(order.phone_number),
            _joined(
                label_for(HOSTED_ORDER_STATES, order.status).word,
                str(order.account),
                "No longer at Twilio" if order.missing_since else "",
            ),
            order.get_absolute_url(),
            is_over=order.is_over or order.missing_since is not None,
        )
        for order in orders
    ]


def _port_in_hits(requests: Iterable[PortInRequest]) -> list[Hit]:
    return [
        Hit(
            str(request),
            _joined(
                label_for(PORT_IN_STATES, request.status).word,
                f"{request.numbers_requested:,} number{'' if request.numbers_requested == 1 else 's'}",
                f"Twilio's ticket {request.ticket}" if request.ticket else "",
                f"our ticket {request.our_ticket}" if request.our_ticket else "",
                str(request.account),
            ),
            request.get_absolute_url(),
            is_over=request.is_over or request.missing_since is not None,
        )
        for request in requests
    ]


def _letter_hits(letters: Iterable[AuthorizationDocument]) -> list[Hit]:
    return [
        Hit(
            str(letter),
            f"{label_for(AUTHORIZATION_STATES, letter.status).word} · {letter.account}",
            reverse("porting:authorization-detail", args=[letter.pk]),
        )
        for letter in letters
    ]
