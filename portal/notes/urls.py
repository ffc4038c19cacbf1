from django.urls import path

from portal.notes import views

urlpatterns = [
    path("notes/<int:pk>/mail/", views.note_mail, name="note-mail"),
]
