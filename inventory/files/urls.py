from django.urls import path

from inventory.files import views

urlpatterns = [
    path("numbers/intake/", views.number_intake, name="number-intake"),
    path("numbers/chosen/<uuid:batch_id>/", views.number_chosen, name="number-chosen"),
    path("numbers/import/", views.number_import, name="number-import"),
]
