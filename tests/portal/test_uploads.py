"""Harmless files come through byte for byte; all others are refused with the right sentence."""

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from portal import files
from portal.forms import PortalForm
from portal.models import Purpose, StoredFile
from portal.uploads import check as checking
from portal.uploads.check import Reason, Refused, check, clean_name
from portal.uploads.fields import CheckedFileField, bind_files, keep_files
from portal.uploads.handlers import MOST_BYTES
from tests import uploads

COMPLIANCE, BILL = Purpose.COMPLIANCE, Purpose.UTILITY_BILL
PDF = uploads.pdf()
GOOD = {
    "pdf": PDF,
    "pdf with object streams": uploads.pdf(object_stream_mode=uploads.pikepdf.ObjectStreamMode.generate),
    "linearized pdf": uploads.pdf(linearize=True),
    "pdf with a small object stream": uploads.pdf_object_bomb(10),
    "pdf that ends in blank lines": PDF + b"\r\n\n",
    "jpeg": uploads.jpeg(),
    "jpeg with a second picture behind it": uploads.jpeg() + uploads.jpeg(),
    "png": uploads.png(),
}
HOSTILE = {
    "nothing": (b"", Reason.EMPTY),
    "blanks": (b" \n\0", Reason.EMPTY),
    "pdf with a password": (uploads.encrypted_pdf(), Reason.ENCRYPTED),
    "pdf with an owner's password": (uploads.encrypted_pdf(user=""), Reason.ENCRYPTED),
    "half a pdf": (PDF[: len(PDF) // 2], Reason.DAMAGED),
    "half a pdf with an end": (PDF[: len(PDF) // 2] + b"\n%%EOF\n", Reason.DAMAGED),
    "pdf that is only a beginning": (b"%PDF-1.7\n%%EOF", Reason.DAMAGED),
    "pdf with a script": (uploads.pdf_with_script(), Reason.ACTIVE),
    "pdf that starts a program": (uploads.pdf_that_launches(), Reason.ACTIVE),
    "pdf with a file in it": (uploads.pdf_with_attachment(), Reason.ACTIVE),
    "pdf and zip": (PDF + uploads.archive(), Reason.TAIL),
    "pdf and html": (PDF + b"<script>alert(1)</script>", Reason.TAIL),
    "pdf not at the beginning": (b"x" * 500 + PDF, Reason.WRONG_TYPE),
    "pdf with a page that unpacks to 200 MB": (uploads.pdf_page_bomb(), Reason.TOO_COMPLEX),
    "pdf with an object stream of 400 MB": (uploads.pdf_object_bomb(400_000_000), Reason.DAMAGED),
    "html": (b"<!doctype html><script>alert(1)</script>", Reason.WRONG_TYPE),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', Reason.WRONG_TYPE),
    "gif": (uploads.gif(), Reason.WRONG_TYPE),
    "zip": (uploads.archive(), Reason.WRONG_TYPE),
    "program": (b"MZ" + b"\0" * 200, Reason.WRONG_TYPE),
    "html that begins as jpeg": (b"\xff\xd8\xff<script>alert(1)</script>", Reason.DAMAGED),
    "html that begins as png": (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", Reason.DAMAGED),
    "half a jpeg": (uploads.jpeg(600, 400)[:5000], Reason.DAMAGED),
    "half a png": (uploads.png(600, 400)[:5000], Reason.DAMAGED),
    "jpeg and html": (uploads.jpeg() + b"<script>alert(1)</script>", Reason.TAIL),
    "jpeg and html with an end": (uploads.jpeg() + b"<script></script>\xff\xd9", Reason.TAIL),
    "png and html": (uploads.png() + b"<script>alert(1)</script>", Reason.TAIL),
    "png and zip": (uploads.png() + uploads.archive(), Reason.TAIL),
    "picture of 900 million pixels": (uploads.png_bomb(), Reason.TOO_COMPLEX),
}


@pytest.mark.parametrize("name", GOOD)
def test_it_lets_a_harmless_file_through_as_it_is(name):
    checked = check("bill.pdf", GOOD[name], COMPLIANCE)

    assert checked.content == GOOD[name]
    assert checked.content_type in ("application/pdf", "image/jpeg", "image/png")


@pytest.mark.parametrize("name", HOSTILE)
def test_it_refuses_a_hostile_file(name):
    content, reason = HOSTILE[name]

    with pytest.raises(Refused) as refused:
        check("bill.pdf", content, COMPLIANCE)

    assert refused.value.reason == reason


@pytest.mark.parametrize(("purpose", "most"), [(COMPLIANCE, 5), (BILL, 10)])
@pytest.mark.parametrize("make", [uploads.png, uploads.pdf])
def test_the_limit_is_the_purposes_to_the_byte(purpose, most, make):
    largest = uploads.padded(make(), most * 1024 * 1024)
    assert len(largest) == most * 1024 * 1024

    assert check("bill", largest, purpose).content == largest
    with pytest.raises(Refused) as refused:
        check("bill", largest + b"\n", purpose)

    assert refused.value.reason == Reason.TOO_LARGE
    assert refused.value.sentence("utility bill", purpose) == (
        f"The utility bill must be smaller than {most} MB"
    )


def test_the_sentences_name_the_thing():
    said = {reason: Refused(reason).sentence("utility bill", BILL) for reason in Reason}
    assert said[Reason.EMPTY] == "The utility bill is empty"
    assert said[Reason.WRONG_TYPE] == "The utility bill must be a JPG, PNG or PDF"
    assert said[Reason.ENCRYPTED].startswith("The utility bill is password protected")
    assert all(sentence.startswith("The utility bill ") for sentence in said.values())


def test_what_kills_the_inspection_kills_nothing_else(monkeypatch, tmp_path):
    for code, reason in (
        (b"import os; os.kill(os.getpid(), 11)", Reason.TOO_COMPLEX),
        (b"1/0", Reason.DAMAGED),
    ):
        script = tmp_path / "inspection.py"
        script.write_bytes(code)
        monkeypatch.setattr(checking.inspection, "__file__", str(script))
        with pytest.raises(Refused) as refused:
            check("bill", PDF, COMPLIANCE)
        assert refused.value.reason == reason


def test_the_inspection_takes_no_more_memory_than_it_may(monkeypatch, tmp_path):
    real = checking.inspection.__file__
    script = tmp_path / "inspection.py"
    script.write_text(
        f"import runpy; runpy.run_path({real!r})['limit_itself'](); bytearray(2 << 30); print('{{}}')"
    )
    monkeypatch.setattr(checking.inspection, "__file__", str(script))

    with pytest.raises(Refused):
        check("bill", PDF, COMPLIANCE)


def test_the_inspection_does_not_go_on_for_ever(monkeypatch, tmp_path):
    script = tmp_path / "inspection.py"
    script.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(checking.inspection, "__file__", str(script))
    monkeypatch.setattr(checking, "_PATIENCE", 0.3)

    with pytest.raises(Refused) as refused:
        check("bill", PDF, COMPLIANCE)

    assert refused.value.reason == Reason.TOO_COMPLEX


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\jane\\Bill 2026.PDF", "Bill 2026.pdf"),
        ("pass\u202eport.exe", "pass port.pdf"),
        ("a\0b\r\nc.html", "a b c.pdf"),
        ("Führerschein (1).jpeg", "Führerschein (1).pdf"),
        (".htaccess", "htaccess.pdf"),
        ("...", "document.pdf"),
        ("", "document.pdf"),
        ("x" * 400 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_a_name_is_a_name_and_no_path(given_name, kept):
    assert clean_name(given_name, "application/pdf") == kept


@given(st.text(max_size=300))
def test_no_name_leads_anywhere(name):
    cleaned = clean_name(name, "image/png")
    assert cleaned.endswith(".png")
    assert len(cleaned) <= 104
    assert not set(cleaned) & set("/\\\0\r\n")
    assert not cleaned.startswith(".")


# The field


class BillForm(PortalForm):
    file = CheckedFileField(BILL, "utility bill")
    month = forms.CharField()


def bound(content=None, name="bill.pdf", **data):
    uploaded = {} if content is None else {"file": SimpleUploadedFile(name, content)}
    return BillForm(data, uploaded)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Select the utility bill"),
        (b"", "The utility bill is empty"),
        (b"<svg/>", "The utility bill must be a JPG, PNG or PDF"),
    ],
)
def test_a_field_says_what_is_wrong_with_the_thing(content, sentence):
    assert bound(content, month="May").errors["file"] == [sentence]


def test_a_field_names_its_limits_before_anything_is_chosen():
    field = BillForm()["file"]
    assert "JPG, PNG or PDF, smaller than 10 MB." in field.help_text
    assert field.label == "Utility bill"


def test_what_passed_stays_when_something_else_is_refused(parent, support, manager):
    form = bound(PDF, name="May.pdf")
    bind_files(form, account=parent, user=support)
    assert list(form.errors) == ["month"]
    keep_files(form)

    stored = StoredFile.objects.get()
    shown = str(form["file"])
    assert f'value="{stored.pk}"' in shown
    assert "May.pdf" in shown
    again = BillForm({"month": "May", "file-kept": str(stored.pk)})
    bind_files(again, account=parent, user=support)
    assert again.is_valid()
    assert again.cleaned_data["file"].content == PDF
    assert again.cleaned_data["file"].stored_id == str(stored.pk)
    keep_files(again)
    assert StoredFile.objects.count() == 1

    for account, user, pk in (
        (parent, manager, stored.pk),
        (parent, support, "x"),
        (parent, support, "0" * 32),
    ):
        foreign = BillForm({"month": "May", "file-kept": str(pk)})
        bind_files(foreign, account=account, user=user)
        assert "file" in foreign.errors


def test_another_file_replaces_the_one_that_was_kept(parent, support):
    form = bound(PDF)
    bind_files(form, account=parent, user=support)
    assert "month" in form.errors
    keep_files(form)
    stored = StoredFile.objects.get()
    other = BillForm(
        {"month": "May", "file-kept": str(stored.pk)}, {"file": SimpleUploadedFile("b.png", uploads.png())}
    )
    bind_files(other, account=parent, user=support)
    assert other.is_valid()
    assert other.cleaned_data["file"].content_type == "image/png"


def test_an_upload_never_touches_a_disk_and_is_cut_at_the_bound(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    content = b"x" * (MOST_BYTES + 5000)
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("large.pdf", content)})
    file = request.FILES["file"]
    assert file.size == len(content)
    assert len(file.read()) == MOST_BYTES + 1
    form = BillForm({"month": "May"}, request.FILES)
    assert form.errors["file"] == ["The utility bill must be smaller than 10 MB"]


def test_what_is_stored_comes_back_with_its_name(parent, support):
    checked = check("Führerschein.png", uploads.png(), COMPLIANCE)
    stored = files.store(checked, account=parent, uploaded_by=support)
    assert files.checked_file(StoredFile.objects.get(pk=stored.pk)).content == checked.content
    assert files.checked_file(stored).name == "Führerschein.png"


pytestmark = pytest.mark.django_db
