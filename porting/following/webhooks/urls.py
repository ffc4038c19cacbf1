from django.urls import path

from porting.following.webhooks import views

urlpatterns = [path("webhooks/porting/", views.porting_webhook, name="porting-webhook")]
