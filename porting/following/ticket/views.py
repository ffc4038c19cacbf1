from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from porting.following.ticket.actions import set_ticket
from porting.following.ticket.forms import TicketForm
from porting.following.views import visible_port_in


@require_http_methods(["GET", "POST"])
@allowed(Permission.ANNOTATE)
def port_in_ticket(request: StaffRequest, sid: str) -> HttpResponse:
    """Where we keep track of the request ourselves; Twilio's own ticket is another."""
    port_in = visible_port_in(request, sid, Permission.ANNOTATE)
    typed = request.POST if request.method == "POST" else None
    form = TicketForm(typed, initial={"our_ticket": port_in.our_ticket})
    if request.method == "POST" and form.is_valid():
        set_ticket(request=port_in, ticket=form.cleaned_data["our_ticket"], actor=request.user)
        messages.success(request, "Saved.")
        return go(request, port_in)
    context = {"port_in": port_in, "form": form}
    status = 422 if form.errors else 200
    return page(
        request, "porting/following/port_in_ticket.html", context, fragment="our-ticket", status=status
    )
