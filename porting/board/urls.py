from django.urls import path

from porting.board import views

urlpatterns = [path("", views.deadline_list, name="deadline-list")]
