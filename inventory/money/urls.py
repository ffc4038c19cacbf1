from django.urls import path

from inventory.money import views

urlpatterns = [
    path("", views.cost_list, name="cost-list"),
    path("export/", views.cost_export, name="cost-export"),
    path("budgets/<slug:account_sid>/", views.budget_set, name="budget-set"),
    path("budgets/<slug:account_sid>/remove/", views.budget_remove, name="budget-remove"),
]
