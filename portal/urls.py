from django.contrib import admin
from django.urls import include, path

from portal import error_pages, views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("sync/", views.sync_health, name="sync-health"),
    path("sync/<slug:resource>/refresh/", views.sync_refresh, name="sync-refresh"),
    path("sync/<slug:resource>/progress/", views.sync_progress, name="sync-progress"),
    path("deliveries/", include("portal.webhooks.urls")),
    path("preferences/", views.preferences, name="preferences"),
    path("help/", views.help_page, name="help"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("", include("portal.batches.urls")),
    path("", include("portal.people.urls")),
    path("", include("portal.reveal.urls")),
    path("", include("portal.notes.urls")),
    path("views/", include("portal.saved_views.urls")),
    path("admin/", admin.site.urls),
    path("", include("inventory.urls")),
    path("", include("compliance.urls")),
    path("", include("porting.urls")),
]

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler429 = error_pages.too_many_requests
handler500 = error_pages.server_error
