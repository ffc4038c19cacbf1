from django.urls import path

from portal.reveal import views, views_files

urlpatterns = [
    path("reveals/", views.reveal_list, name="reveal-list"),
    path("purges/", views.purge_list, name="purge-list"),
    path("files/<uuid:pk>/", views_files.file_download, name="file-download"),
    path("files/<uuid:pk>/preview/", views_files.file_preview, name="file-preview"),
    path("files/<uuid:pk>/pages/<int:number>/", views_files.file_page, name="file-page"),
]
