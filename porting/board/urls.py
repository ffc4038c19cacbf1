from django.urls import path

from porting.board import views

urlpatterns = [
    path("", views.deadline_list, name="deadline-list"),
    path("export/", views.deadline_export, name="deadline-export"),
    path("<str:sid>/remind/", views.deadline_remind, name="deadline-remind"),
]
