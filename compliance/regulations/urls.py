from django.urls import path

from compliance.regulations import views

urlpatterns = [
    path("", views.regulation_list, name="regulation-list"),
    path("<slug:sid>/", views.regulation_detail, name="regulation-detail"),
    path("<slug:sid>/versions/", views.regulation_versions, name="regulation-versions"),
    path("<slug:sid>/checklist/", views.regulation_checklist, name="regulation-checklist"),
]
