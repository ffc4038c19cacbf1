from django.urls import URLPattern, URLResolver, include, path

app_name = "compliance"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("compliance.mapping.urls")),
    path("", include("compliance.renewals.urls")),
    path("webhooks/", include("compliance.callbacks.urls")),
    path("", include("compliance.knowing.urls")),
    path("regulations/", include("compliance.regulations.urls")),
    path("documents/", include("compliance.documents.urls")),
    path("bundles/", include("compliance.guided.urls")),
    path("bundles/", include("compliance.bundles.urls")),
    path("end-users/", include("compliance.end_users.urls")),
]
