from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import Permission, allowed
from portal.http import StaffRequest, go
from portal.notes.actions import AlreadyMailed, NotMailed, mail_note
from portal.notes.views import mail_page, note_to_mail
from porting.drafting.pages import draft_of
from porting.drafting.views_file import filed_page
from porting.following.telling.actions import keep_correction
from porting.following.telling.addresses import known_addresses
from porting.following.telling.correction import correction_form
from porting.following.views import visible_port_in
from porting.models import PortInRequest


@require_http_methods(["GET", "POST"])
@allowed(Permission.ANNOTATE)
def port_in_note_mail(request: StaffRequest, pk: int) -> HttpResponse:
    """Mail a note to those who are named in the request, or to addresses that are typed."""
    note = note_to_mail(request, pk)
    port_in = visible_port_in(request, note.target, Permission.ANNOTATE)
    return mail_page(request, note, known=known_addresses(port_in))


@require_POST
@allowed(Permission.MANAGE_PORTING)
def port_in_fix_note(request: StaffRequest, sid: str, pk: UUID) -> HttpResponse:
    """Keep the note about what was filed again and, where it is ticked, mail it. Once."""
    old = visible_port_in(request, sid, Permission.ANNOTATE)
    draft = draft_of(request, pk, must_be_open=False)
    new = PortInRequest.objects.select_related("account").filter(pk=draft.port_in_sid).first()
    if draft.replaces != old.pk or new is None:
        raise Http404
    form = correction_form(old, new, request.POST)
    if not form.is_valid():
        return filed_page(request, draft, tell_form=form, status=422)
    note = keep_correction(old=old, new=new, body=form.cleaned_data["body"], actor=request.user)
    if not form.cleaned_data.get("send"):
        messages.success(request, "Note added. Nothing is e-mailed.")
        return go(request, "porting:draft-filed", draft.pk)
    try:
        mail_note(note=note, addresses=known_addresses(new), actor=request.user)
    except AlreadyMailed:
        messages.info(request, "The note was e-mailed before, or is on its way. It is not sent twice.")
    except NotMailed as failure:
        messages.error(request, f"The note is kept, and was not e-mailed. {failure}")
    else:
        messages.success(request, "The note is e-mailed.")
    return go(request, "porting:draft-filed", draft.pk)
