from django.urls import path

from compliance.knowing import views

urlpatterns = [
    path("regulations/<str:sid>/holders/", views.holder_list, name="holder-list"),
    path("own-numbers/", views.own_number_list, name="own-number-list"),
    path("own-numbers/<int:pk>/remove/", views.own_number_remove, name="own-number-remove"),
]
