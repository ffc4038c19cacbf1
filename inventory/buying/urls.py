from django.urls import path

from inventory.buying import views

urlpatterns = [
    path("numbers/buy/", views.number_search, name="number-search"),
    path("numbers/buy/pattern/", views.pattern_help, name="pattern-help"),
    path("numbers/buy/cart/<slug:sid>/", views.cart_detail, name="cart-detail"),
    path("numbers/buy/cart/<slug:sid>/add/", views.cart_add, name="cart-add"),
    path("numbers/buy/cart/<slug:sid>/remove/", views.cart_remove, name="cart-remove"),
    path("numbers/buy/check/<uuid:batch_id>/", views.purchase_check, name="purchase-check"),
    path("numbers/buy/check/<uuid:batch_id>/discard/", views.purchase_discard, name="purchase-discard"),
]
