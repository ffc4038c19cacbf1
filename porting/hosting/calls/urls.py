from django.urls import path

from porting.hosting.calls import views

urlpatterns = [
    path("<str:sid>/call/", views.hosted_order_call, name="hosted-order-call"),
    path("<str:sid>/bill/", views.hosted_order_bill, name="hosted-order-bill"),
    path("<str:sid>/code/", views.hosted_order_code, name="hosted-order-code"),
]
