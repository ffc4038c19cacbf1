from django.urls import path

from compliance.documents import views, views_change, views_radar

urlpatterns = [
    path("", views.document_list, name="document-list"),
    path("export/", views.document_export, name="document-export"),
    path("new/", views_change.document_upload, name="document-upload"),
    path("ages/", views_radar.document_radar, name="document-radar"),
    path("<slug:sid>/", views.document_detail, name="document-detail"),
    path("<slug:sid>/edit/", views_change.document_edit, name="document-edit"),
    path("<slug:sid>/file/", views_change.document_replace, name="document-replace"),
    path("<slug:sid>/delete/", views_change.document_delete, name="document-delete"),
    path("<slug:sid>/note/", views.document_note, name="document-note"),
    path("<slug:sid>/refresh/", views.document_refresh, name="document-refresh"),
    path("<slug:sid>/reveal/<str:field>/", views.document_reveal, name="document-reveal"),
    path("<slug:sid>/files/<uuid:pk>/reveal/", views.document_file_reveal, name="document-file-reveal"),
]
