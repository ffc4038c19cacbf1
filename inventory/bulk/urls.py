from django.urls import path

from inventory.bulk import views

urlpatterns = [
    path("numbers/select/", views.number_select, name="number-select"),
    path("numbers/bulk/<uuid:batch_id>/change/", views.bulk_change, name="bulk-change"),
    path("numbers/bulk/<uuid:batch_id>/preview/", views.bulk_preview, name="bulk-preview"),
    path("numbers/bulk/<uuid:batch_id>/discard/", views.bulk_discard, name="bulk-discard"),
    path("numbers/presets/", views.preset_list, name="preset-list"),
    path("numbers/presets/add/", views.preset_create, name="preset-create"),
    path("numbers/presets/<int:preset_id>/", views.preset_edit, name="preset-edit"),
    path("numbers/presets/<int:preset_id>/delete/", views.preset_delete, name="preset-delete"),
]
