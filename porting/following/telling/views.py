from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.access import Permission, allowed
from portal.http import StaffRequest
from portal.notes.views import mail_page, note_to_mail
from porting.following.telling.addresses import known_addresses
from porting.following.views import visible_port_in


@require_http_methods(["GET", "POST"])
@allowed(Permission.ANNOTATE)
def port_in_note_mail(request: StaffRequest, pk: int) -> HttpResponse:
    """Mail a note to those who are named in the request, or to addresses that are typed."""
    note = note_to_mail(request, pk)
    port_in = visible_port_in(request, note.target, Permission.ANNOTATE)
    return mail_page(request, note, known=known_addresses(port_in))
