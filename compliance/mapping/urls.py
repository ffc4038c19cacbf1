from django.urls import path

from compliance.mapping import views, views_bulk, views_report

urlpatterns = [
    path("compliance/report/", views_report.compliance_report, name="compliance-report"),
    path("compliance/report/export/", views_report.compliance_report_export, name="compliance-report-export"),
    path("compliance/report/rule/", views_report.standing_rule, name="standing-rule"),
    path("numbers/bulk/<uuid:batch_id>/assign/", views_bulk.bulk_assign, name="bulk-assign"),
    path(
        "numbers/bulk/<uuid:batch_id>/assign/review/",
        views_bulk.bulk_assign_review,
        name="bulk-assign-review",
    ),
    path("numbers/<slug:sid>/assign/", views.number_assign, name="number-assign"),
]
