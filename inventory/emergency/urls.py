from django.urls import path

from inventory.emergency import bulk_views, views

urlpatterns = [
    path("emergency/", views.emergency_coverage, name="emergency-coverage"),
    path("emergency/export/", views.emergency_coverage_export, name="emergency-coverage-export"),
    path("numbers/bulk/<uuid:batch_id>/emergency/", bulk_views.bulk_emergency, name="bulk-emergency"),
    path(
        "numbers/bulk/<uuid:batch_id>/emergency/review/",
        bulk_views.bulk_emergency_review,
        name="bulk-emergency-review",
    ),
    path("numbers/<slug:sid>/emergency/", views.number_emergency, name="number-emergency"),
]
