from django.urls import path

from porting.hosting.bulk import views

urlpatterns = [path("", views.bulk_hosting, name="bulk-hosting")]
