from django.urls import path

from portal.batches import views

urlpatterns = [
    path("batches/", views.batch_list, name="batch-list"),
    path("batches/<uuid:batch_id>/", views.batch_detail, name="batch-detail"),
    path("batches/<uuid:batch_id>/export/", views.batch_export, name="batch-export"),
    path("batches/<uuid:batch_id>/stop/", views.batch_stop, name="batch-stop"),
    path("batches/<uuid:batch_id>/retry/", views.batch_retry, name="batch-retry"),
    path("batches/<uuid:batch_id>/decide/", views.batch_decide, name="batch-decide"),
    path("batches/<uuid:batch_id>/withdraw/", views.batch_withdraw, name="batch-withdraw"),
    path("approvals/rules/", views.approval_rules, name="approval-rules"),
    path("approvals/rules/<int:rule_id>/delete/", views.approval_rule_delete, name="approval-rule-delete"),
]
