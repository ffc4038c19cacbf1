"""The first pages of a file as pictures: drawn elsewhere, within bounds, for whoever may see the file."""

import io
from pathlib import Path

import pytest
from django.urls import reverse
from PIL import Image

from portal import files
from portal.models import Purpose, StoredFile
from portal.uploads import check as checking
from portal.uploads.check import Refused, check, draw_page
from tests import uploads
from tests.factories import make_account
from tests.pages import Page
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

RED = (229, 0, 0)


def opened(jpeg):
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return image


def is_red(pixel):
    return all(abs(one - wanted) < 12 for one, wanted in zip(pixel, RED, strict=True))


def make_file(user, content, name="bill"):
    checked = check(name, content, Purpose.UTILITY_BILL)
    return files.store(checked, account=make_account(), uploaded_by=user)


# Drawn


def test_pages_of_a_pdf_are_counted_and_drawn_when_it_is_checked():
    checked = check("bill.pdf", uploads.bill_pdf(3), Purpose.UTILITY_BILL)
    assert (checked.pages, checked.drawn) == (3, 3)


def test_only_the_first_five_are_shown():
    checked = check("bill.pdf", uploads.bill_pdf(7), Purpose.UTILITY_BILL)
    assert (checked.pages, checked.drawn) == (7, 5)


def test_a_page_is_drawn_so_that_small_print_can_be_read():
    page = opened(draw_page(uploads.bill_pdf(2), 2))
    assert page.size == (1414, 2000)
    assert is_red(page.getpixel((700, 100)))
    assert page.getpixel((700, 1000)) == (255, 255, 255)


def test_what_was_typed_into_a_form_is_drawn_too():
    page = opened(draw_page(uploads.pdf_with_filled_form(), 1))
    assert is_red(page.getpixel((1000, 1000)))


def test_a_picture_is_drawn_anew_and_upright():
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Jane's flat"  # turned by a quarter; a description
    Image.new("RGB", (60, 40)).save(turned, "JPEG", exif=exif)
    drawn = draw_page(turned.getvalue(), 1)
    assert opened(drawn).size == (40, 60)
    assert b"Jane" not in drawn


@pytest.mark.parametrize(
    ("size", "drawn_as"),
    [
        ((14_400, 14_400), (2000, 2000)),
        ((1_000_000_000, 1_000_000_000), (2000, 2000)),
        ((1_000_000, 1), (2000, 1)),
    ],
)
def test_no_page_is_drawn_larger_than_a_screen_has_use_for(size, drawn_as):
    content = uploads.pdf_of_size(*size)
    assert check("bill.pdf", content, Purpose.UTILITY_BILL).drawn == 1
    assert opened(draw_page(content, 1)).size == drawn_as


def test_a_pdf_that_cannot_be_drawn_in_time_is_taken_and_not_shown(monkeypatch, tmp_path):
    code = Path(checking.inspection.__file__).read_text()
    assert "_SECONDS_TO_DRAW = 4" in code
    script = tmp_path / "inspection.py"
    script.write_text(code.replace("_SECONDS_TO_DRAW = 4", "_SECONDS_TO_DRAW = 1"))
    monkeypatch.setattr(checking.inspection, "__file__", str(script))
    content = uploads.pdf_that_is_never_drawn()

    checked = check("bill.pdf", content, Purpose.UTILITY_BILL)

    assert (checked.pages, checked.drawn) == (1, 0)
    with pytest.raises(Refused):
        draw_page(content, 1)


def test_what_kills_the_drawing_does_not_refuse_the_file(monkeypatch, tmp_path):
    script = tmp_path / "inspection.py"
    script.write_text(
        """print('{"type": "application/pdf", "pages": 2}\\n{"drawn": 1}', flush=True)
import os; os.kill(os.getpid(), 11)"""
    )
    monkeypatch.setattr(checking.inspection, "__file__", str(script))
    checked = check("bill", uploads.pdf(), Purpose.UTILITY_BILL)
    assert (checked.pages, checked.drawn) == (2, 1)


# Served


def test_a_page_is_served_as_a_private_picture_and_nothing_else(support, as_support):
    stored = make_file(support, uploads.bill_pdf(2))

    answer = as_support.get(reverse("file-page", args=[stored.pk, 2]))

    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith("inline")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert set(answer["Cache-Control"].split(", ")) == {"no-store", "private"}
    assert opened(answer.content).size == (1414, 2000)
    for number in (0, 3, 99):
        assert as_support.get(reverse("file-page", args=[stored.pk, number])).status_code == 404


def test_a_picture_is_never_served_as_it_came(support, as_support):
    content = uploads.png()
    stored = make_file(support, content)
    assert opened(as_support.get(reverse("file-page", args=[stored.pk, 1])).content).size == (60, 40)


def test_a_file_has_a_page_of_its_own_with_its_first_pages(support, as_support):
    stored = make_file(support, uploads.bill_pdf(7))

    with counted("file_preview"):
        answer = as_support.get(reverse("file-preview", args=[stored.pk]))

    shown = Page(answer)
    assert [image["src"] for image in shown.all(".file-page img")] == [
        reverse("file-page", args=[stored.pk, number]) for number in range(1, 6)
    ]
    assert "Page 2 of 7" in shown.text
    assert "Pages 6 to 7 of 7 cannot be shown here." in shown.text
    assert "no-store" in answer["Cache-Control"]


def test_a_file_that_cannot_be_drawn_says_so_and_can_be_downloaded(support, as_support):
    stored = make_file(support, uploads.bill_pdf(1))
    StoredFile.objects.update(drawn=0)

    shown = Page(as_support.get(reverse("file-preview", args=[stored.pk])))

    assert "This PDF cannot be shown here" in shown.text
    assert shown.link("Download it") == reverse("file-download", args=[stored.pk])
    assert as_support.get(reverse("file-page", args=[stored.pk, 1])).status_code == 404


@pytest.mark.parametrize(
    ("pages", "drawn", "words"), [(1, 1, ""), (3, 3, ""), (6, 5, "Page 6"), (1200, 5, "Pages 6 to 1,200")]
)
def test_pages_that_are_not_shown_are_named(pages, drawn, words):
    assert StoredFile(pages=pages, drawn=drawn).left_out == words
