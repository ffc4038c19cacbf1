from django.urls import path

from porting.hosting.letters import views, views_send

urlpatterns = [
    path("", views.authorization_list, name="authorization-list"),
    path("export/", views.authorization_export, name="authorization-export"),
    path("new/<uuid:draft_id>/", views_send.authorization_create, name="authorization-create"),
    path("<str:sid>/", views.authorization_detail, name="authorization-detail"),
    path("<str:sid>/refresh/", views.authorization_refresh, name="authorization-refresh"),
    path("<str:sid>/note/", views.authorization_note, name="authorization-note"),
    path("<str:sid>/reveal/<slug:field>/", views.authorization_reveal, name="authorization-reveal"),
    path("<str:sid>/again/", views_send.authorization_again, name="authorization-again"),
    path("<str:sid>/revoke/", views_send.authorization_revoke, name="authorization-revoke"),
]
