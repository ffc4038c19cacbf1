from django.urls import path

from inventory.buying import views, views_cart

urlpatterns = [
    path("numbers/buy/", views.number_search, name="number-search"),
    path("numbers/buy/pattern/", views.pattern_help, name="pattern-help"),
    path("numbers/buy/refusals/", views.purchase_refusals, name="purchase-refusals"),
    path("numbers/buy/cart/<slug:sid>/", views_cart.cart_detail, name="cart-detail"),
    path("numbers/buy/cart/<slug:sid>/add/", views_cart.cart_add, name="cart-add"),
    path("numbers/buy/cart/<slug:sid>/remove/", views_cart.cart_remove, name="cart-remove"),
    path("numbers/buy/check/<uuid:batch_id>/", views_cart.purchase_check, name="purchase-check"),
    path("numbers/buy/check/<uuid:batch_id>/discard/", views_cart.purchase_discard, name="purchase-discard"),
]
