from django.urls import path

from porting.following import views, views_cancel
from porting.following.fixing import views as fixing
from porting.following.fixing import views_check
from porting.following.landing import views as landing
from porting.following.telling import views as telling
from porting.following.ticket import views as ticket

urlpatterns = [
    path("", views.port_in_list, name="port-in-list"),
    path("export/", views.port_in_export, name="port-in-export"),
    path("calendar/", landing.port_in_calendar, name="port-in-calendar"),
    path("notes/<int:pk>/mail/", telling.port_in_note_mail, name="port-in-note-mail"),
    path("<str:sid>/", views.port_in_detail, name="port-in-detail"),
    path("<str:sid>/refresh/", views.port_in_refresh, name="port-in-refresh"),
    path("<str:sid>/note/", views.port_in_note, name="port-in-note"),
    path("<str:sid>/ticket/", ticket.port_in_ticket, name="port-in-ticket"),
    path("<str:sid>/reveal/<slug:field>/", views.port_in_reveal, name="port-in-reveal"),
    path("<str:sid>/fix/", fixing.port_in_fix, name="port-in-fix"),
    path("<str:sid>/fix/<uuid:pk>/", views_check.port_in_fix_check, name="port-in-fix-check"),
    path("<str:sid>/fix/<uuid:pk>/note/", telling.port_in_fix_note, name="port-in-fix-note"),
    path("<str:sid>/tick/", landing.port_in_tick, name="port-in-tick"),
    path("<str:sid>/set-up/", landing.port_in_set_up, name="port-in-set-up"),
    path("<str:sid>/cancel/", views_cancel.port_in_cancel, name="port-in-cancel"),
    path(
        "<str:sid>/numbers/<str:number_sid>/cancel/",
        views_cancel.port_in_number_cancel,
        name="port-in-number-cancel",
    ),
]
