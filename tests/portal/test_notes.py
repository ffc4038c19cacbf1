"""Notes say whom they are for; one for the customer is mailed once, and only when somebody asks for it."""

from datetime import timedelta

import pytest
from celery import current_app
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from portal import files
from portal.models import Note, NoteMail, Purpose, Reveal, Role, StoredFile
from portal.notes.actions import AlreadyMailed, NotMailed, add_note, mail_note
from portal.notes.retention import purge_attachments
from tests.factories import make_account, make_number, make_user
from tests.pages import Page, assert_is_region
from tests.porting.drafting import bill_file

pytestmark = pytest.mark.django_db
TO = "owner@thornlea.example.com"
BODY = "The numbers move on 1 July.\nNothing has to be done."


@pytest.fixture
def number():
    return make_number(make_account())


@pytest.fixture
def note(number, support):
    return customer_note(number, support)


def customer_note(number, author, **more):
    audience = Note.Audience.CUSTOMER
    return Note.objects.create(
        target=number.pk, account=number.account, author=author, body=BODY, audience=audience, **more
    )


def url(note):
    return f"/notes/{note.pk}/mail/"


def history(client, number):
    return Page.of(client, number.get_absolute_url()).one(".timeline li:first-child").text


def test_a_note_is_internal_unless_somebody_says_otherwise(as_support, number):
    form = Page.of(as_support, number.get_absolute_url()).form(".note-form")
    assert form["audience"] == ["internal"]
    as_support.post(f"{number.get_absolute_url()}note/", {"body": "x"})
    as_support.post(f"{number.get_absolute_url()}note/", {"body": "y", "audience": "customer"})

    assert [one.audience for one in Note.objects.order_by("pk")] == ["internal", "customer"]
    words = history(as_support, number)
    assert "For the customer, not sent" in words
    assert "E-mail it to the customer" in words
    assert not mail.outbox


def test_it_is_mailed_to_typed_addresses_as_it_stands_and_its_history_says_so(
    as_support, number, note, support
):
    page = Page.of(as_support, url(note))
    assert "The numbers move on 1 July." in page.one(".letter").text

    answer = as_support.post(url(note), {"others": f"{TO}\nDesk@example.com, {TO}"})

    assert answer["Location"] == number.get_absolute_url()
    [sent] = mail.outbox
    assert (sent.to, sent.reply_to) == ([TO, "Desk@example.com"], [support.email])
    assert sent.body.strip() == BODY
    words = history(as_support, number)
    assert "Sent to the customer" in words
    assert "o••••@thornlea.example.com, D••••@example.com" in words
    assert TO not in Page.of(as_support, number.get_absolute_url()).source


def test_a_double_press_sends_one_mail(as_support, number, note):
    as_support.post(url(note), {"others": TO})
    answer = as_support.post(url(note), {"others": TO})

    assert answer["Location"] == number.get_absolute_url()
    assert len(mail.outbox) == 1
    assert as_support.get(url(note))["Location"] == number.get_absolute_url()


def test_one_that_is_on_its_way_keeps_a_second_out(note, support):
    NoteMail.objects.create(note=note, addresses=[TO], sender=support)

    with pytest.raises(AlreadyMailed):
        mail_note(note=note, addresses=[TO], actor=support)
    assert not mail.outbox


def test_one_whose_process_died_may_be_sent_again_and_the_page_says_what_is_not_known(
    as_support, note, support
):
    lost = NoteMail.objects.create(note=note, addresses=[TO], sender=support)
    NoteMail.objects.filter(pk=lost.pk).update(begun_at=timezone.now() - timedelta(minutes=3))

    assert "nobody knows whether it left" in Page.of(as_support, url(note)).one("main").text
    as_support.post(url(note), {"others": TO})
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_down_is_told_and_it_can_be_tried_again(as_support, number, note, settings):
    inbox = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answer = as_support.post(url(note), {"others": TO})

    assert answer.status_code == 422
    assert (
        "The mail server cannot be reached. Nothing was sent."
        in Page(answer).one("[data-error-summary]").text
    )
    assert "Not sent to the customer" in history(as_support, number)
    assert NoteMail.objects.get().sent_at is None

    settings.EMAIL_BACKEND = inbox
    assert as_support.post(url(note), Page(answer).form()).status_code == 302
    assert len(mail.outbox) == 1
    assert "Sent to the customer" in history(as_support, number)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Say where the note goes"),
        ("owner at example", "like name@example.com"),
        ("\n".join(f"a{i}@example.com" for i in range(11)), "10 addresses at most"),
    ],
)
def test_where_it_goes_is_checked_before_anything_leaves(as_support, note, typed, words):
    answer = as_support.post(url(note), {"others": typed})
    assert answer.status_code == 422
    assert words in Page(answer).one("[data-error-summary]").text
    assert not mail.outbox
    assert not NoteMail.objects.exists()


def test_addresses_lie_encrypted(note, support):
    mail_note(note=note, addresses=[TO], actor=support)
    with connection.cursor() as cursor:
        cursor.execute("SELECT addresses FROM portal_notemail")
        assert "thornlea" not in str(cursor.fetchone())


def test_an_internal_note_is_never_mailed(as_support, number, support):
    internal = Note.objects.create(target=number.pk, account=number.account, author=support, body="ours")
    assert as_support.get(url(internal)).status_code == 404
    with pytest.raises(Note.DoesNotExist):
        mail_note(note=internal, addresses=[TO], actor=support)
    assert not mail.outbox


def test_it_is_for_those_who_may_write_notes_there(client, as_viewer, as_support, note):
    assert as_viewer.get(url(note)).status_code == 403
    assert as_viewer.post(url(note), {"others": TO}).status_code == 403
    assert as_support.put(url(note)).status_code == 405
    assert as_support.get("/notes/999999/mail/").status_code == 404
    client.force_login(make_user(Role.SUPPORT, accounts=[make_account()]))
    assert client.get(url(note)).status_code == 404
    assert_is_region(as_support, url(note), "note-mail")
    assert not mail.outbox


def test_a_note_may_stand_in_two_histories(as_support, number, support):
    other = make_number(number.account)
    customer_note(number, support, also_on=other.pk)
    assert "The numbers move on 1 July." in history(as_support, other)


def test_words_of_a_failure_repeat_no_address(note, support, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(NotMailed):
        mail_note(note=note, addresses=[TO], actor=support)
    assert "@" not in NoteMail.objects.get().failure


def attach(client, number, **more):
    return client.post(
        f"{number.get_absolute_url()}note/", {"body": "See there", "file": bill_file(), **more}
    )


def test_a_file_is_attached_checked_and_shown_to_who_attached_it(as_support, number, settings):
    assert attach(as_support, number)["Location"] == number.get_absolute_url()

    stored = StoredFile.objects.get()
    assert (stored.purpose, stored.owner_sid) == (Purpose.NOTE, f"note{Note.objects.get().pk}")
    link = Page.of(as_support, number.get_absolute_url()).link("Attachment")
    page = Page.of(as_support, link)
    assert page.one(".file-page img")["src"] == f"/files/{stored.pk}/pages/1/"
    assert as_support.get(f"/files/{stored.pk}/").status_code == 200
    [kept] = [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]
    assert b"PNG" not in kept.read_bytes()[:64]


def test_others_see_it_for_a_reason_that_is_written_down(client, as_support, as_viewer, number):
    attach(as_support, number)
    note = Note.objects.get()
    url = f"/notes/{note.pk}/file/"
    assert "your role does not show" in Page.of(as_viewer, url).one("main").text
    assert as_viewer.get(f"{url}reveal/").status_code == 403
    assert as_viewer.get(f"/files/{note.file_id}/").status_code == 403

    client.force_login(make_user(Role.COMPLIANCE))
    assert Page.of(client, url).link("Show the attachment") == f"{url}reveal/"
    assert client.post(f"{url}reveal/", {"reason": ""}).status_code == 422
    client.post(f"{url}reveal/", {"reason": "Asked by the customer"})
    assert "Shown until" in Page.of(client, url).one("main").text
    assert client.get(f"/files/{note.file_id}/").status_code == 200
    assert Reveal.objects.get().reason == "Asked by the customer"


def test_a_file_of_a_foreign_account_is_not_there(client, as_support, number):
    attach(as_support, number)
    note = Note.objects.get()
    client.force_login(make_user(Role.COMPLIANCE, accounts=[make_account()]))
    for path in ("file/", "file/reveal/"):
        assert client.get(f"/notes/{note.pk}/{path}").status_code == 404
    assert client.put(f"/notes/{note.pk}/file/").status_code == 405
    assert as_support.get("/notes/999999/file/").status_code == 404


def test_what_is_no_document_is_refused_and_a_good_one_stays_while_the_note_is_mended(as_support, number):
    bad = SimpleUploadedFile("x.pdf", b"MZ no pdf", "application/pdf")
    answer = attach(as_support, number, file=bad)
    assert answer.status_code == 422
    assert "The attachment must be a JPG, PNG or PDF" in Page(answer).one(".note-form .field__error").text

    answer = attach(as_support, number, body=" ")
    form = Page(answer).form(".note-form")
    as_support.post(f"{number.get_absolute_url()}note/", {**form, "body": "Now with words"})
    note = Note.objects.get()
    assert note.file == StoredFile.objects.get()
    assert note.file.owner_sid == note.file_owner


def test_of_two_notes_sent_at_once_with_the_same_kept_file_the_first_has_it(as_support, number, support):
    attach(as_support, number, body=" ")
    kept = files.checked_file(StoredFile.objects.get())
    given = {"target": number.pk, "account": number.account, "author": support, "audience": "internal"}

    first, second = (add_note(body=body, file=kept, **given) for body in ("once", "twice"))

    stored = StoredFile.objects.get()
    assert (first.file, second.file) == (stored, None)
    assert stored.owner_sid == first.file_owner
    assert "Attachment" in Page.of(as_support, number.get_absolute_url()).text


def test_attachments_go_after_the_days_of_the_rule_and_the_note_says_so(as_support, number, settings):
    attach(as_support, number)
    assert purge_attachments() is None
    past = timezone.now() - timedelta(days=settings.FILE_RETENTION_DAYS + 1)
    StoredFile.objects.update(created_at=past)

    current_app.tasks["purge_files"]()

    assert "The attachment was deleted" in history(as_support, number)
    assert as_support.get(f"/notes/{Note.objects.get().pk}/file/").status_code == 404
