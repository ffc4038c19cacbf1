from django.urls import path

from porting.hosting.orders import views, views_end

urlpatterns = [
    path("", views.hosted_order_list, name="hosted-order-list"),
    path("export/", views.hosted_order_export, name="hosted-order-export"),
    path("select/", views.hosted_order_select, name="hosted-order-select"),
    path("<str:sid>/", views.hosted_order_detail, name="hosted-order-detail"),
    path("<str:sid>/refresh/", views.hosted_order_refresh, name="hosted-order-refresh"),
    path("<str:sid>/note/", views.hosted_order_note, name="hosted-order-note"),
    path("<str:sid>/reveal/<slug:field>/", views.hosted_order_reveal, name="hosted-order-reveal"),
    path("<str:sid>/delete/", views_end.hosted_order_delete, name="hosted-order-delete"),
    path("<str:sid>/release/", views_end.hosted_order_release, name="hosted-order-release"),
]
