from django.urls import path

from porting.following.webhooks import views, views_configure

urlpatterns = [
    path("webhooks/porting/", views.porting_webhook, name="porting-webhook"),
    path("porting/webhooks/", views_configure.porting_webhook_list, name="porting-webhook-list"),
    path("porting/webhooks/<str:sid>/", views_configure.porting_webhook_edit, name="porting-webhook-edit"),
    path(
        "porting/webhooks/<str:sid>/delete/",
        views_configure.porting_webhook_delete,
        name="porting-webhook-delete",
    ),
]
