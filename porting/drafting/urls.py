from django.urls import path

from porting.drafting import views, views_file, views_tasks
from porting.drafting.numbers.views import draft_numbers

urlpatterns = [
    path("", views.draft_list, name="draft-list"),
    path("<uuid:pk>/", views.draft_tasks, name="draft-tasks"),
    path("<uuid:pk>/numbers/", draft_numbers, name="draft-numbers"),
    path("<uuid:pk>/leave-out/", views.draft_leave_out, name="draft-leave-out"),
    path("<uuid:pk>/delete/", views.draft_delete, name="draft-delete"),
    path("<uuid:pk>/bill/", views_tasks.draft_bill, name="draft-bill"),
    path("<uuid:pk>/details/", views_tasks.draft_details, name="draft-details"),
    path("<uuid:pk>/when/", views_tasks.draft_when, name="draft-when"),
    path("<uuid:pk>/check/", views_file.draft_check, name="draft-check"),
    path("<uuid:pk>/filed/", views_file.draft_filed, name="draft-filed"),
]
