from django.urls import path

from compliance.bundles import views, views_change

urlpatterns = [
    path("", views.bundle_list, name="bundle-list"),
    path("export/", views.bundle_export, name="bundle-export"),
    path("<slug:sid>/", views.bundle_detail, name="bundle-detail"),
    path("<slug:sid>/reveal/email/", views.bundle_reveal, name="bundle-reveal"),
    path("<slug:sid>/note/", views_change.bundle_note, name="bundle-note"),
    path("<slug:sid>/refresh/", views_change.bundle_refresh, name="bundle-refresh"),
    path("<slug:sid>/evaluate/", views_change.bundle_evaluate, name="bundle-evaluate"),
    path("<slug:sid>/edit/", views_change.bundle_edit, name="bundle-edit"),
    path("<slug:sid>/delete/", views_change.bundle_delete, name="bundle-delete"),
]
