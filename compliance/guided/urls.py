from django.urls import path

from compliance.guided import views, views_address, views_items, views_submit

urlpatterns = [
    path("new/", views.bundle_create, name="bundle-create"),
    path("<slug:sid>/tasks/", views.bundle_tasks, name="bundle-tasks"),
    path("<slug:sid>/tasks/regulation/", views.bundle_regulation, name="bundle-regulation"),
    path("<slug:sid>/tasks/end-user/", views_items.bundle_end_user, name="bundle-end-user"),
    path("<slug:sid>/tasks/address/", views_address.bundle_address, name="bundle-address"),
    path("<slug:sid>/tasks/way/", views.bundle_way, name="bundle-way"),
    path("<slug:sid>/tasks/contact/", views.bundle_contact, name="bundle-contact"),
    path(
        "<slug:sid>/tasks/documents/<path:requirement>/", views_items.bundle_document, name="bundle-document"
    ),
    path("<slug:sid>/spelling/", views_submit.bundle_spelling, name="bundle-spelling"),
    path("<slug:sid>/check/", views_submit.bundle_check, name="bundle-check"),
    path("<slug:sid>/submitted/", views_submit.bundle_submitted, name="bundle-submitted"),
]
