from django.urls import path

from porting.following import views

urlpatterns = [
    path("", views.port_in_list, name="port-in-list"),
    path("export/", views.port_in_export, name="port-in-export"),
    path("<str:sid>/", views.port_in_detail, name="port-in-detail"),
    path("<str:sid>/refresh/", views.port_in_refresh, name="port-in-refresh"),
    path("<str:sid>/note/", views.port_in_note, name="port-in-note"),
    path("<str:sid>/reveal/<slug:field>/", views.port_in_reveal, name="port-in-reveal"),
]
