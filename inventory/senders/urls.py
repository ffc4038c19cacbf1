from django.urls import path

from inventory.senders import views

urlpatterns = [
    path("", views.sender_list, name="sender-list"),
    path("export/", views.sender_export, name="sender-export"),
    path("add/", views.sender_add, name="sender-add"),
    path("test/", views.sender_test, name="sender-test"),
    path("<int:pk>/remove/", views.sender_remove, name="sender-remove"),
    path("<slug:account_sid>/<slug:country>/", views.sender_country, name="sender-country"),
    path("<slug:account_sid>/<slug:country>/default/", views.sender_default, name="sender-default"),
]
