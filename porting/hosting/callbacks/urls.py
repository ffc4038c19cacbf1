from django.urls import path

from porting.hosting.callbacks import views

urlpatterns = [path("webhooks/hosting/", views.hosting_callback, name="hosting-callback")]
