from django.urls import path

from compliance.callbacks import views

urlpatterns = [path("bundles/", views.bundle_callback, name="bundle-callback")]
