from django.urls import path

from inventory.usage import views

urlpatterns = [
    path("numbers/risk/", views.risk_list, name="risk-list"),
    path("numbers/risk/export/", views.risk_export, name="risk-export"),
    path("numbers/risk/select/", views.risk_select, name="risk-select"),
    path("numbers/activity/", views.activity_rule, name="activity-rule"),
    path("numbers/<slug:sid>/keep/", views.number_keep, name="number-keep"),
    path("numbers/<slug:sid>/keep/end/", views.number_keep_end, name="number-keep-end"),
]
