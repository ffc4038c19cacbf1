"""Supporting documents: the list, one document, and what of it is masked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance.documents import actions
from compliance.documents.filters import DocumentFilter
from compliance.documents.querysets import bundles_by_document, lacks_file
from compliance.documents.refusals import sentence_of
from compliance.documents.words import (
    ADDRESSES,
    OPEN_FIELDS,
    Line,
    document_age,
    labels_of,
    today,
    type_words,
)
from compliance.models import RegulatoryType, SupportingDocument
from inventory.models import Address
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.listing import Sort, list_page, read_order, seek
from portal.models import Operation, StoredFile
from portal.object_pages import NoteForm, note_on, read_again
from portal.reveal.reveals import MaskedCell, Subject, cell_of, file_field, mask
from portal.reveal.views import private, reveal
from portal.reveal.views_files import has_just_uploaded
from portal.secrets import CannotDecrypt
from portal.shell import visible_accounts
from portal.timeline import open_operation, running_reveals, timeline

SORTS = (
    Sort("name", "Name", ("friendly_name", "sid")),
    Sort("newest", "Newest", ("first_seen_at", "sid"), starts_descending=True),
)
FILTERS = ("status", "type", "too_old", "used", "account")
MORE_FILTERS = ("file", "listed")
OPERATION_TITLES = {
    actions.UPLOAD_DOCUMENT: "Uploaded",
    actions.UPDATE_DOCUMENT: "Changed",
    actions.REPLACE_FILE: "File replaced",
    actions.DELETE_DOCUMENT: "Deleted",
    "compliance.create_data_document": "Created",
}
_CSV = {
    "sid": "SID", "account_sid": "Account", "account": "Account", "friendly_name": "Name", "type": "Type",
    "status": "Status", "mime_type": "File", "reasons": "Reasons", "issue_date": "Issued",
    "expiration_date": "Expires", "too_old_on": "Too old on (derived)", "rule": "Rule (derived)",
    "bundles": "Bundles", "attributes": "Attributes (masked)",
}  # fmt: skip
_LIGHT = ("payload", "attributes", "value_fingerprints", "address_sids", "field_names")


@require_GET
@allowed(Permission.VIEW)
def document_list(request: StaffRequest) -> HttpResponse:
    filter_ = _filter(request)
    rows = filter_.listed_rows.select_related("account").defer(*_LIGHT)
    listing = list_page(request, rows, sorts=SORTS, default_sort="name")
    listing.chips = chips_of(filter_, request.GET)
    unsettled = Operation.objects.open().filter(kind=actions.UPLOAD_DOCUMENT)
    context = {
        "list": listing,
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "more_filters": [filter_.form[name] for name in MORE_FILTERS],
        "more_count": sum(applied(filter_, request.GET, name) for name in MORE_FILTERS),
        "lines": lines_of(request, listing.rows),
        "unsettled": list(request.access.visible(unsettled).select_related("account", "actor")[:5]),
        "freshness": freshness("documents", visible_accounts(request)),
        "can_manage": request.access.can(Permission.MANAGE_BUNDLES),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "compliance/documents/document_list.html", context, fragment="documents")


@require_GET
@allowed(Permission.EXPORT)
def document_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort; personal values stay masked."""
    order = read_order(request, SORTS, default="name")
    rows = request.access.visible(_filter(request).listed_rows, permission=Permission.EXPORT)
    ordered = seek(rows.select_related("account").defer("payload"), order, order.descending, key=())
    header = [f"{title} ({key})" for key, title in _CSV.items()]
    return csv_response("documents", header, _csv_lines(request, ordered.iterator(chunk_size=1000)))


@require_GET
@allowed(Permission.VIEW)
def document_detail(request: StaffRequest, sid: str) -> HttpResponse:
    return show(request, visible_document(request, sid))


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def document_reveal(request: StaffRequest, sid: str, field: str) -> HttpResponse:
    """Show one attribute, for a reason."""
    document: Any = visible_document(request, sid)
    if field not in document.field_names or field in (*OPEN_FIELDS, ADDRESSES):
        raise Http404
    label = labels_of(document.type_fields).get(field) or type_words(field)
    return reveal(request, _subject(document, field, label))


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def document_file_reveal(request: StaffRequest, sid: str, pk: UUID) -> HttpResponse:
    """Let a file be seen, for a reason."""
    document = visible_document(request, sid)
    stored = get_object_or_404(StoredFile.objects.there().of(document.pk), pk=pk)
    return reveal(request, _file_subject(document, stored))


@require_POST
@allowed(Permission.ANNOTATE)
def document_note(request: StaffRequest, sid: str) -> HttpResponse:
    document = visible_document(request, sid)
    return note_on(request, document, lambda form: show(request, document, status=422, note_form=form))


@require_POST
@allowed(Permission.REFRESH)
def document_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read this one document from Twilio now."""
    document = visible_document(request, sid)
    return read_again(request, document, lambda: actions.read_document(document=document), sentence_of)


def visible_document(request: StaffRequest, sid: str) -> SupportingDocument:
    """A document with the fields that its type has; also one whose values no key opens."""
    types = RegulatoryType.objects.filter(kind=RegulatoryType.Kind.DOCUMENT, machine_name=OuterRef("type"))
    rows = SupportingDocument.objects.select_related("account").defer("payload")
    rows = request.access.visible(rows.annotate(type_fields=Subquery(types.values("payload__fields")[:1])))
    document: SupportingDocument
    try:
        document = get_object_or_404(rows, pk=sid)
    except CannotDecrypt:  # then each value says so by itself
        document = get_object_or_404(rows.defer("attributes"), pk=sid)
    return document


def lines_of(request: StaffRequest, documents: Sequence[SupportingDocument]) -> list[Line]:
    """Documents with the bundles that hold them."""
    held = bundles_by_document([document.pk for document in documents], request.access.visible)
    day = today()
    return [Line(document, held[document.pk], day) for document in documents]


def show(request: StaffRequest, document: Any, *, status: int = 200, **context: Any) -> HttpResponse:
    can_reveal = request.access.can(Permission.REVEAL_PERSONAL, document.account_id)
    labels = labels_of(document.type_fields)
    [line] = lines_of(request, [document])
    events = timeline(
        document.pk,
        kinds=OPERATION_TITLES,
        properties={**labels, "friendly_name": "Name", "mime_type": "File", "attributes": "What it says"},
        personal=frozenset({"attributes"}),
        with_reveals=True,
    )
    seen = running_reveals(events, request.user) if can_reveal else {}
    stored = StoredFile.objects.of(document.pk).select_related("uploaded_by")
    addresses = request.access.visible(Address.objects.defer("payload")).in_bulk(document.address_sids)
    context = {
        "document": document,
        "line": line,
        "attributes": _attributes(document, labels, can_reveal, seen),
        "addresses": [(sid, addresses.get(sid)) for sid in document.address_sids],
        "files": [_file(request, document, one, can_reveal, seen) for one in stored[:20]],
        "lacks_file": lacks_file(document),
        "can_manage": request.access.can(Permission.MANAGE_BUNDLES, document.account_id),
        "can_annotate": request.access.can(Permission.ANNOTATE, document.account_id),
        "open_operation": open_operation(events),
        "timeline": events,
        "freshness": freshness("documents", [document.account]).or_read_at(document.synced_at),
        "note_form": NoteForm(),
        **context,
    }
    template = "compliance/documents/document_detail.html"
    return private(page(request, template, context, fragment="document", status=status))


def _attributes(
    document: SupportingDocument, labels: Mapping[str, str], can_reveal: bool, seen: Mapping[str, Any]
) -> list[tuple[str, Any, MaskedCell | None]]:
    """Label, open value, masked cell: of each attribute that has a value one of the two."""
    filled = set(document.field_names) - {ADDRESSES}
    names = [*(name for name in labels if name in filled), *sorted(filled - labels.keys())]
    open_values = {"issue_date": document.issued_on, "expiration_date": document.expires_on}
    lines: list[tuple[str, Any, MaskedCell | None]] = []
    for name in names:
        label = labels.get(name) or type_words(name)
        if name in OPEN_FIELDS:
            lines.append((label, open_values.get(name) or document.expires_on, None))
        else:
            cell = cell_of(_subject(document, name, label), can_reveal=can_reveal, running=seen)
            lines.append((label, None, cell))
    return lines


def _file(
    request: StaffRequest,
    document: SupportingDocument,
    stored: StoredFile,
    can_reveal: bool,
    seen: Mapping[str, Any],
) -> dict[str, Any]:
    """One of our copies: whether this person may see it now, and else where to say why."""
    until = seen.get(file_field(stored.pk))
    may_see = until is not None or has_just_uploaded(request.user, stored)
    return {
        "stored": stored,
        "until": until,
        "is_open": stored.purged_at is None and may_see,
        "reveal_url": _file_subject(document, stored).url if can_reveal and not stored.purged_at else "",
    }


def _subject(document: SupportingDocument, field: str, label: str) -> Subject:
    return Subject(
        account=document.account,
        target=document.pk,
        field=field,
        label=label,
        url=reverse("compliance:document-reveal", args=[document.pk, field]),
        page_url=document.get_absolute_url(),
        read=lambda: document.values.get(field),
    )


def _file_subject(document: SupportingDocument, stored: StoredFile) -> Subject:
    return Subject(
        account=document.account,
        target=document.pk,
        field=file_field(stored.pk),
        label="File",
        url=reverse("compliance:document-file-reveal", args=[document.pk, stored.pk]),
        page_url=document.get_absolute_url(),
        read=lambda: stored.name,
        hint=stored.kind,
    )


def _filter(request: StaffRequest) -> DocumentFilter:
    rows = request.access.visible(SupportingDocument.objects.all())
    types = rows.order_by().values_list("type", flat=True).distinct()
    return DocumentFilter(request.GET, rows, accounts=visible_accounts(request), types=types)


def _csv_lines(request: StaffRequest, documents: Iterable[SupportingDocument]) -> Iterator[Sequence[Any]]:
    visible = partial(request.access.visible, permission=Permission.EXPORT)
    rest = iter(documents)
    while batch := list(islice(rest, 1000)):
        held = bundles_by_document([document.pk for document in batch], visible)
        for document in batch:
            age = document_age(document)
            values = [(name, value) for name, value in document.values.items() if name != ADDRESSES]
            line = Line(document, held[document.pk], today())
            yield [
                document.pk, document.account_id, document.account.friendly_name, document.friendly_name,
                document.type, document.status, document.mime_type,
                " ".join(reason.words for reason in line.reasons), document.issued_on, document.expires_on,
                age.too_old_on if age else None, age.rule if age else None,
                " ".join(bundle.pk for bundle in held[document.pk]),
                "; ".join(f"{name} {mask(value)}" for name, value in values),
            ]  # fmt: skip
