from django.urls import URLPattern, URLResolver, include, path

app_name = "porting"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("porting.hosting.urls")),
    path("port-ins/checks/", include("porting.checking.urls")),
    path("port-ins/drafts/", include("porting.drafting.urls")),
    path("", include("porting.following.webhooks.urls")),
    path("port-ins/", include("porting.following.urls")),
    path("porting/deadlines/", include("porting.board.urls")),
]
