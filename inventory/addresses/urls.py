from django.urls import path

from inventory.addresses import views, views_change

urlpatterns = [
    path("", views.address_list, name="address-list"),
    path("export/", views.address_export, name="address-export"),
    path("new/", views_change.address_create, name="address-create"),
    path("fit/", views.address_fit, name="address-fit"),
    path("fit/export/", views.address_fit_export, name="address-fit-export"),
    path("<slug:sid>/", views.address_detail, name="address-detail"),
    path("<slug:sid>/numbers/", views.address_numbers, name="address-numbers"),
    path("<slug:sid>/edit/", views_change.address_edit, name="address-edit"),
    path("<slug:sid>/delete/", views_change.address_delete, name="address-delete"),
    path("<slug:sid>/note/", views.address_note, name="address-note"),
    path("<slug:sid>/refresh/", views.address_refresh, name="address-refresh"),
]
