from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("porting.hosting.callbacks.urls")),
    path("porting/hosting/checks/", include("porting.hosting.eligibility.urls")),
    path("porting/hosting/bulk/", include("porting.hosting.bulk.urls")),
    path("porting/hosting/orders/", include("porting.hosting.orders.urls")),
    path("porting/hosting/orders/", include("porting.hosting.calls.urls")),
    path("porting/hosting/letters/", include("porting.hosting.letters.urls")),
]
