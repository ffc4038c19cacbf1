from django.urls import path

from portal.notes import views

urlpatterns = [
    path("notes/<int:pk>/mail/", views.note_mail, name="note-mail"),
    path("notes/<int:pk>/file/", views.note_file, name="note-file"),
    path("notes/<int:pk>/file/reveal/", views.note_file_reveal, name="note-file-reveal"),
]
