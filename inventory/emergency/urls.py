from django.urls import path

from inventory.emergency import views

urlpatterns = [
    path("emergency/", views.emergency_coverage, name="emergency-coverage"),
    path("emergency/export/", views.emergency_coverage_export, name="emergency-coverage-export"),
    path("numbers/<slug:sid>/emergency/", views.number_emergency, name="number-emergency"),
]
