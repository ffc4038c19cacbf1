from django.urls import include, path

from inventory import views

app_name = "inventory"
urlpatterns = [
    path("numbers/", views.number_list, name="number-list"),
    path("numbers/export/", views.number_export, name="number-export"),
    path("", include("inventory.bulk.urls")),
    path("", include("inventory.files.urls")),
    path("", include("inventory.usage.urls")),
    path("", include("inventory.moving.urls")),
    path("", include("inventory.buying.urls")),
    path("numbers/<slug:sid>/", views.number_detail, name="number-detail"),
    path("numbers/<slug:sid>/configure/", views.number_configure, name="number-configure"),
    path("numbers/<slug:sid>/annotate/", views.number_annotate, name="number-annotate"),
    path("numbers/<slug:sid>/note/", views.number_note, name="number-note"),
    path("numbers/<slug:sid>/refresh/", views.number_refresh, name="number-refresh"),
    path("costs/", include("inventory.money.urls")),
    path("addresses/", include("inventory.addresses.urls")),
    path("", include("inventory.emergency.urls")),
    path("senders/", include("inventory.senders.urls")),
]
