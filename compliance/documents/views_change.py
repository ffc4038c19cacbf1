"""Uploading, changing and deleting documents."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from compliance.ages import is_data
from compliance.changing import not_made, show_refusal
from compliance.documents import actions, forms
from compliance.documents.actions import ChangedMeanwhile, KeptAsItIs
from compliance.documents.querysets import bundles_by_document, lacks_file
from compliance.documents.refusals import sentence_of
from compliance.documents.views import visible_document
from compliance.documents.words import ADDRESSES, field_labels, type_words
from compliance.labels import quieted
from compliance.models import RegulatoryType, SupportingDocument
from inventory.models import Address
from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.models import TwilioAccount
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.shell import visible_accounts
from portal.twilio.errors import TwilioFailure, Uncertain
from portal.uploads.fields import bind_files, keep_files

_LOST = "Twilio's answer was lost. Numberdesk looks at Twilio until it knows what became of it."
# So many addresses are offered; whoever has more names the address where the bundle is made.
_ADDRESSES_OFFERED = 100
_FAULTS = (AlreadySent, AlreadyUnderWay, KeptAsItIs, TwilioFailure)
_CLOSED = "Twilio keeps this document as it is: it is under review, or it was approved."


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def document_upload(request: StaffRequest) -> HttpResponse:
    """First whose and which kind, then what it says and its file."""
    accounts = [
        account
        for account in visible_accounts(request)
        if request.access.can(Permission.MANAGE_BUNDLES, account.pk)
    ]
    types = _types()
    asked = request.GET if request.GET.get("type") or request.GET.get("account") else None
    place = forms.PlaceForm(asked, accounts=accounts, types=types)
    if not place.is_valid():
        status = 422 if request.method == "POST" else 200
        context: dict[str, Any] = {"form": place, "has_types": bool(types)}
        return page(request, "compliance/documents/document_place.html", context, status=status)
    account = next(account for account in accounts if account.pk == place.cleaned_data["account"])
    kind = place.cleaned_data["type"]
    labels = field_labels(kind)
    is_sent = request.method == "POST"
    form = forms.UploadForm(
        request.POST if is_sent else None, request.FILES if is_sent else None,
        type=kind, labels=labels, addresses=_addresses(account) if ADDRESSES in labels else (),
    )  # fmt: skip
    bind_files(form, account=account, user=request.user)
    context = {"form": form, "account": account, "type_words": types[kind]}
    status = 200
    if is_sent:
        status = 422
        if form.is_valid():
            try:
                document = actions.upload_document(
                    account=account,
                    type=kind,
                    friendly_name=form.cleaned_data["friendly_name"],
                    attributes=form.attributes(),
                    file=form.cleaned_data["file"],
                    actor=request.user,
                    form_key=form.cleaned_data["form_key"],
                )
            except AlreadySent as sent:
                messages.info(request, sent.outcome)
                known = SupportingDocument.objects.filter(pk=sent.operation.target).first()
                return go(request, known or "compliance:document-list")
            except AlreadyUnderWay:
                form.renew()
                form.add_error(None, "This document is being uploaded already. Wait until that has ended.")
            except Uncertain:
                messages.warning(request, f"{_LOST} Do not upload it again.")
                return go(request, "compliance:document-list")
            except TwilioFailure as failure:
                show_refusal(failure, form, context, sentence_of(failure))
            else:
                return _after(request, document, "Uploaded to Twilio.")
        keep_files(form)
    return page(
        request, "compliance/documents/document_upload.html", context, fragment="upload", status=status
    )


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def document_edit(request: StaffRequest, sid: str) -> HttpResponse:
    """Another name, and other values while it is open."""
    document = _document_to_change(request, sid)
    labels = field_labels(document.type)
    form = forms.DocumentForm(request.POST or None, document=document, labels=labels)
    context: dict[str, Any] = {"form": form, "document": document, "type_words": type_words(document.type)}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                changed = actions.update_document(
                    document=document,
                    friendly_name=form.cleaned_data["friendly_name"],
                    attributes=form.attributes(),
                    opened_with=form.cleaned_data["opened_with"],
                    actor=request.user,
                    form_key=form.cleaned_data["form_key"],
                    reason=form.cleaned_data["reason"],
                )
            except ChangedMeanwhile as conflict:
                form = forms.DocumentForm(None, document=conflict.document, labels=labels)
                context |= {"form": form, "document": conflict.document, "has_changed": True}
            except _FAULTS as fault:
                if answer := _not_done(request, fault, form, context, document):
                    return answer
            else:
                words = "Changed at Twilio." if changed else "Twilio has it like this already."
                messages.success(request, words)
                return go(request, document)
    return page(request, "compliance/documents/document_edit.html", context, fragment="change", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def document_replace(request: StaffRequest, sid: str) -> HttpResponse:
    """Another file for the same document."""
    document = _document_to_change(request, sid)
    is_sent = request.method == "POST"
    form = forms.FileForm(
        request.POST if is_sent else None, request.FILES if is_sent else None, document=document
    )
    bind_files(form, account=document.account, user=request.user)
    context: dict[str, Any] = {"form": form, "document": document, "type_words": type_words(document.type)}
    status = 200
    if is_sent:
        status = 422
        if form.is_valid():
            try:
                changed = actions.replace_file(
                    document=document,
                    file=form.cleaned_data["file"],
                    actor=request.user,
                    form_key=form.cleaned_data["form_key"],
                    reason=form.cleaned_data["reason"],
                )
            except _FAULTS as fault:
                if answer := _not_done(request, fault, form, context, document):
                    return answer
            else:
                return _after(request, changed, "Twilio has the new file.")
        keep_files(form)
    template = "compliance/documents/document_replace.html"
    return page(request, template, context, fragment="change", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def document_delete(request: StaffRequest, sid: str) -> HttpResponse:
    document = _document_to_change(request, sid)
    form = forms.DeletionForm(request.POST or None)
    held = bundles_by_document([document.pk], request.access.visible)[document.pk]
    context: dict[str, Any] = {"form": form, "document": document, "bundles": held}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.delete_document(
                    document=document,
                    actor=request.user,
                    form_key=form.cleaned_data["form_key"],
                    reason=form.cleaned_data["reason"],
                )
            except _FAULTS as fault:
                if answer := _not_done(request, fault, form, context, document):
                    return answer
            else:
                messages.success(
                    request, f"{document} was deleted at Twilio, and our copy of its file with it."
                )
                return go(request, "compliance:document-list")
    return page(
        request, "compliance/documents/document_delete.html", context, fragment="change", status=status
    )


def _document_to_change(request: StaffRequest, sid: str) -> SupportingDocument:
    document = visible_document(request, sid)
    request.access.require(Permission.MANAGE_BUNDLES, document.account_id)
    return document


def _not_done(
    request: StaffRequest, fault: Exception, form: Any, context: dict[str, Any], document: SupportingDocument
) -> HttpResponse | None:
    """What to answer to a change that was not made; None when the form says why."""
    if isinstance(fault, KeptAsItIs):
        form.renew()
        form.add_error(None, _CLOSED)
        return None
    return not_made(request, fault, form, context, row=document, noun="document", sentence_of=sentence_of)


def _after(request: StaffRequest, document: SupportingDocument, words: str) -> HttpResponse:
    if lacks_file(document):
        messages.error(
            request,
            "Twilio has the document, but its file did not arrive. Replace the file to send it again.",
        )
    else:
        messages.success(request, words)
    return go(request, document)


def _addresses(account: TwilioAccount) -> list[tuple[str, str]]:
    rows = Address.objects.present().filter(account=account).order_by("customer_name", "sid")
    return [
        (row.pk, ", ".join(part for part in (row.customer_name, row.street, row.city) if part))
        for row in rows.defer("payload")[:_ADDRESSES_OFFERED]
    ]


def _types() -> dict[str, str]:
    """Types of documents that have a file, by machine name."""
    rows = RegulatoryType.objects.present().filter(kind=RegulatoryType.Kind.DOCUMENT)
    return {
        row.machine_name: capfirst(quieted(row.friendly_name)) or type_words(row.machine_name)
        for row in rows
        if row.machine_name and not is_data(row.machine_name)
    }
