from django.urls import path

from compliance.renewals import views, views_batch, views_reviews

urlpatterns = [
    path("deadlines/", views.deadline_list, name="deadline-list"),
    path("deadlines/export/", views.deadline_export, name="deadline-export"),
    path("deadlines/select/", views_batch.renewal_select, name="renewal-select"),
    path("deadlines/batches/<uuid:batch_id>/", views_batch.renewal_batch, name="renewal-batch"),
    path("deadlines/batches/<uuid:batch_id>/discard/", views_batch.renewal_discard, name="renewal-discard"),
    path("deadlines/<slug:sid>/", views.renewal_detail, name="renewal-detail"),
    path("deadlines/<slug:sid>/start/", views.renewal_start, name="renewal-start"),
    path("deadlines/<slug:sid>/evaluate/", views.renewal_evaluate, name="renewal-evaluate"),
    path("deadlines/<slug:sid>/submit/", views.renewal_submit, name="renewal-submit"),
    path("deadlines/<slug:sid>/replace/", views.renewal_replace, name="renewal-replace"),
    path("deadlines/<slug:sid>/delete/", views.renewal_delete, name="renewal-delete"),
    path("deadlines/<slug:sid>/refresh/", views.renewal_refresh, name="renewal-refresh"),
    path("reviews/", views_reviews.review_list, name="review-list"),
    path("reviews/export/", views_reviews.review_export, name="review-export"),
    path("reviews/escalation/", views_reviews.review_escalation, name="review-escalation"),
]
