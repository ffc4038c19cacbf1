from django.urls import path

from compliance.end_users import views, views_change

urlpatterns = [
    path("", views.end_user_list, name="end-user-list"),
    path("export/", views.end_user_export, name="end-user-export"),
    path("<slug:sid>/", views.end_user_detail, name="end-user-detail"),
    path("<slug:sid>/reveal/<str:field>/", views.end_user_reveal, name="end-user-reveal"),
    path("<slug:sid>/note/", views_change.end_user_note, name="end-user-note"),
    path("<slug:sid>/refresh/", views_change.end_user_refresh, name="end-user-refresh"),
    path("<slug:sid>/edit/", views_change.end_user_edit, name="end-user-edit"),
    path("<slug:sid>/delete/", views_change.end_user_delete, name="end-user-delete"),
]
