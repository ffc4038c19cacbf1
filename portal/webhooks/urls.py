from django.urls import path

from portal.webhooks import views

urlpatterns = [
    path("", views.delivery_list, name="delivery-list"),
    path("<int:delivery_id>/", views.delivery_detail, name="delivery-detail"),
    path("<int:delivery_id>/replay/", views.delivery_replay, name="delivery-replay"),
    path("<int:delivery_id>/body/", views.delivery_body, name="delivery-body"),
]
