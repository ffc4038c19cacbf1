from django.urls import path

from portal.saved_views import views

urlpatterns = [
    path("add/", views.view_add, name="view-add"),
    path("<int:pk>/", views.view_edit, name="view-edit"),
    path("<int:pk>/replace/", views.view_replace, name="view-replace"),
    path("<int:pk>/delete/", views.view_delete, name="view-delete"),
]
