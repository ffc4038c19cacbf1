from django.urls import path

from compliance.mapping import views, views_report

urlpatterns = [
    path("compliance/report/", views_report.compliance_report, name="compliance-report"),
    path("compliance/report/export/", views_report.compliance_report_export, name="compliance-report-export"),
    path("compliance/report/rule/", views_report.standing_rule, name="standing-rule"),
    path("numbers/<slug:sid>/assign/", views.number_assign, name="number-assign"),
]
