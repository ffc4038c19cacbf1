from django.urls import path

from inventory.moving import views

urlpatterns = [
    path("numbers/bulk/<uuid:batch_id>/release/", views.bulk_release, name="bulk-release"),
    path("numbers/bulk/<uuid:batch_id>/transfer/", views.bulk_transfer, name="bulk-transfer"),
    path(
        "numbers/bulk/<uuid:batch_id>/transfer/review/",
        views.bulk_transfer_review,
        name="bulk-transfer-review",
    ),
    path("numbers/released/", views.released_list, name="released-list"),
    path("numbers/released/export/", views.released_export, name="released-export"),
]
