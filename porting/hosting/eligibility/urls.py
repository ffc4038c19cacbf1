from django.urls import path

from porting.hosting.eligibility import views

urlpatterns = [
    path("", views.eligibility_create, name="eligibility-create"),
    path("<uuid:check_id>/", views.eligibility_detail, name="eligibility-detail"),
    path("<uuid:check_id>/export/", views.eligibility_export, name="eligibility-export"),
    path("<uuid:check_id>/again/", views.eligibility_again, name="eligibility-again"),
    path("<uuid:check_id>/order/", views.order_create, name="order-create"),
    path("drafts/<uuid:batch_id>/", views.order_draft, name="order-draft"),
]
