from django.urls import path

from porting.checking import views

urlpatterns = [
    path("", views.check_create, name="check-create"),
    path("<uuid:batch_id>/", views.check_detail, name="check-detail"),
    path("<uuid:batch_id>/prepare/", views.check_prepare, name="check-prepare"),
    path("<uuid:batch_id>/stop/", views.check_stop, name="check-stop"),
    path("<uuid:batch_id>/again/", views.check_again, name="check-again"),
    path("<uuid:batch_id>/export/", views.check_export, name="check-export"),
]
