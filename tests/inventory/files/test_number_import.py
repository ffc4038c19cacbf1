"""The round trip: export, edit, upload, look at before and after, apply."""

import csv
import io

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.columns import COLUMNS
from inventory.models import PhoneNumber
from portal.models import Batch, Role
from tests.factories import make_account, make_application, make_number, make_sid, make_user
from tests.inventory.stock import list_numbers, make_numbers, number_of
from tests.pages import Page, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

IMPORT, EXPORT = "/numbers/import/", "/numbers/export/"
ALL = [column.name for column in COLUMNS]


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def numbers(account):
    return make_numbers(
        account,
        [{"phone_number": f"+1202555010{n}", "friendly_name": f"Desk {n}", "owner": "Ada"} for n in range(4)],
    )


def exported(client, **params):
    answer = client.get(url_of(EXPORT, columns=ALL, **params))
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))


def as_file(rows, encoding="utf-8-sig", separator=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode(encoding)


def upload(client, data, **options):
    data = data if isinstance(data, bytes) else as_file(data, **options)
    return client.post(IMPORT, {"file": SimpleUploadedFile("numbers.csv", data)})


def drafted(answer):
    assert answer.status_code == 302, Page(answer).one("main").text
    assert answer["Location"].endswith("/preview/")
    return Batch.objects.get(pk=answer["Location"].split("/")[3])


def report(page):
    """Line and reason of what is not used."""
    table = next(region for region in page.all(".table-region") if region.all("#report-caption"))
    rows = [[cell.text for cell in row.all("th, td")] for row in table.all("tbody tr")]
    return [(line, words) for line, _, words in rows]


def refusal(answer):
    assert answer.status_code == 422
    return Page(answer).one("[data-error-summary] li").text


def set_cell(rows, line, key, value):
    """Edit a cell of an export as a spreadsheet counts its lines."""
    column = next(index for index, title in enumerate(rows[0]) if title.endswith(f"({key})"))
    rows[line - 1][column] = value


def test_an_untouched_export_comes_to_nothing(as_support, account):
    make_numbers(
        account,
        [
            {
                "friendly_name": "=1+1",
                "owner": "'=x",
                "tags": ["b", "a"],
                "voice_url": "http://old.example.com",
            },
            {"friendly_name": "x" * 99, "voice_application_sid": make_sid("AP"), "trunk_sid": make_sid("TK")},
            {"friendly_name": 'a "b"\r\n, ☎️', "cost_centre": "-1", "sms_application_sid": make_sid("AP")},
        ],
    )

    answer = upload(as_support, exported(as_support))

    assert answer["Location"] == IMPORT
    assert Page.of(as_support, IMPORT).messages == ["Nothing to change: all 3 lines say what is so already."]
    assert not Batch.objects.exists()


@pytest.mark.parametrize(("encoding", "separator"), [("utf-8", ","), ("utf-16", "\t"), ("cp1252", ";")])
def test_edited_cells_are_shown_before_and_after(as_support, numbers, encoding, separator):
    rows = exported(as_support)
    set_cell(rows, 3, "friendly_name", "Büro")
    set_cell(rows, 3, "owner", "")
    set_cell(rows, 5, "tags", "night, b")

    answer = upload(as_support, rows, encoding=encoding, separator=separator)

    batch = drafted(answer)
    page = Page.of(as_support, answer["Location"])
    lines = {row.one("th").text: [li.text for li in row.all("li")] for row in page.all("tbody tr")}
    assert lines == {
        "+1 202-555-0101": ["Name: Desk 1 → Büro", "Owner: Ada → nothing"],
        "+1 202-555-0103": ["Tags: nothing → b, night"],
    }
    assert "2 lines say what is so already." in page.one("main").text
    assert [item.detail["possible"] for item in batch.items.all()] == [True, True]
    assert not page.has_link("Change what is set")


def test_it_is_applied_as_a_batch(as_support, support, twilio, parent):
    number = number_of(twilio, parent)
    rows = exported(as_support)
    set_cell(rows, 2, "friendly_name", "Night desk")
    set_cell(rows, 2, "owner", "Bea")
    answer = upload(as_support, rows)
    batch = drafted(answer)
    form = Page.of(as_support, answer["Location"]).form("form.preview-form")

    progress = as_support.post(answer["Location"], {**form, "reason": "New desk"})["Location"]
    current_app.tasks["run_inventory_batch"](str(batch.pk))

    number = PhoneNumber.objects.get(pk=number.pk)
    assert (number.friendly_name, number.owner) == ("Night desk", "Bea")
    [sent] = twilio.journal.entries(method="POST")
    assert dict(sent.form) == {"FriendlyName": "Night desk"}
    page = Page.of(as_support, progress)
    assert "From a file of 1 line" in page.one(".facts").text
    batch.refresh_from_db()
    assert "file" not in batch.detail, "what was uploaded is not kept"
    assert upload(as_support, rows)["Location"] == IMPORT, "and the same file is nothing now"


def test_every_problem_is_said_at_once_beside_its_line(as_support, account, numbers):
    gone = make_number(account, phone_number="+12025550199")
    list_numbers(account, [number.payload for number in numbers])
    header = ["Number", "Owner", "Calls go to (voice_url)"]

    answer = upload(
        as_support,
        [
            header,
            ["+12025550100", "Bea", ""],
            ["+12025550100", "Cid", ""],
            ["+12025550101", "x" * 101, "http://a.example.com"],
            ["+12025550155", "Bea", ""],
            ["1.20256E+10", "Bea", ""],
            ["", "Bea", ""],
            [gone.phone_number, "Bea", ""],
            ["+12025550102", "Bea"],
            ["+12025550102", "Bea", "", "more"],
            ["12025550103", "Bea", "https://voice.example.com/in"],
        ],
    )

    assert {item.name for item in drafted(answer).items.all()} == {"+12025550100", "+12025550103"}
    page = Page.of(as_support, answer["Location"])
    assert report(page) == [
        ("3", "Twice: it stands in line 2 already, and that line counts"),
        (
            "4",
            "Not possible: Calls go to (voice_url): use https:// so that calls and messages are not sent in "
            "clear; Owner (owner): longer than 100 characters",
        ),
        ("5", "Not one of your numbers"),
        ("6", "Not a number: a spreadsheet has shortened it. Format the column as text"),
        ("7", "Not a number"),
        ("8", "No longer at Twilio"),
        ("9", "Cells: it has 2 and the first line has 3"),
        ("10", "Cells: it has 4 and the first line has 3"),
    ]
    assert "8 of 10 lines cannot be used." in page.one(".notice--wait").text


def test_unknown_columns_and_those_that_stay_are_named(as_support, numbers):
    rows = exported(as_support)
    rows = [[*row, "x"] for row in rows]
    rows[0][-1] = "My notes"
    set_cell(rows, 2, "owner", "Bea")
    for line in (2, 3, 5):
        set_cell(rows, line, "number_type", "mobile")
    set_cell(rows, 2, "monthly_price", "0.00")
    set_cell(rows, 2, "date_created", "02/01/2023")

    page = Page.of(as_support, upload(as_support, rows)["Location"])

    assert [item.text for item in page.all(".notice--info li")] == [
        "Type (number_type) says something else in lines 2–3, 5. A file cannot change it, and it stays as it "
        "is.",
        "Not read, since no column of ours is called so: My notes.",
    ]


def test_a_file_with_nothing_but_problems_is_refused_with_all_of_them(as_support, numbers):
    answer = upload(
        as_support, [["Number", "Owner", "Notes"], ["+12025550155", "Bea", ""], ["nonsense", "Bea", ""]]
    )

    assert "No line of this file can be used" in refusal(answer)
    assert [line for line, _ in report(Page(answer))] == ["2", "3"]
    assert "Not read, since no column of ours is called so: Notes." in Page(answer).one(".notice--wait").text
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04", "This is a workbook."),
        (b"Name,Owner\nDesk,Ada\n", "No column says which number a line is about"),
        (b"Number,Status\n+12025550100,x\n", "None of its columns can be changed by a file."),
        (b"Number,Owner,Owner\n", "Two columns are called Owner (owner). Remove one."),
        (b"Number,Owner\n", "The file has a header and no lines."),
        (b'Number,Owner\n+12025550100,"x\n', "A quotation mark is missing or one too many in line 2."),
        (b"Number,Owner\n" + b"+12025550100,x\n" * 50_001, "The file has more than 50,000 lines. Split it."),
    ],
    ids=["empty", "workbook", "no number", "nothing to edit", "twice", "no lines", "quote", "long"],
)
def test_a_file_that_cannot_be_used_says_why(as_support, numbers, data, words):
    assert words in refusal(upload(as_support, data))
    assert not Batch.objects.exists()


def test_without_a_file_it_asks_for_one(as_support):
    assert refusal(as_support.post(IMPORT, {"csrfmiddlewaretoken": "x"})) == (
        "Choose the file that you have edited"
    )


def test_more_changes_than_a_batch_takes_are_refused(as_support, numbers, monkeypatch):
    monkeypatch.setattr("portal.batches.asking.MOST_ITEMS", 2)
    rows = [["Number", "Owner"], *([number.phone_number, "Bea"] for number in numbers)]

    assert "These are more than 2." in refusal(upload(as_support, rows))


def test_a_number_on_two_accounts_is_told_by_its_sid(as_support, numbers):
    other = make_number(make_account(), phone_number="+12025550100")
    rows = [["Number", "Owner"], ["+12025550100", "Bea"]]

    assert "No line of this file" in refusal(upload(as_support, rows))
    rows = [["SID", "Number", "Owner"], [other.pk, "+12025550100", "Bea"]]
    assert [item.target for item in drafted(upload(as_support, rows)).items.all()] == [other.pk]


def test_a_sid_and_a_number_that_do_not_belong_together_are_refused(as_support, numbers):
    first, second, *_ = numbers
    header = ["SID", "Number", "Owner"]

    for sid, number in ((first.pk, second.phone_number), (make_sid("PN"), first.phone_number)):
        answer = upload(as_support, [header, [sid, number, "Bea"]])
        assert report(Page(answer)) == [
            ("2", "Which number it is about: SID and number are not of the same number")
        ]
    rows = [header, [first.pk, "1.20256E+10", "Bea"], [second.pk, "", "Bea"], ["", "+12025550102", "Bea"]]
    assert drafted(upload(as_support, rows)).items.count() == 3, "one of them is enough"


def test_applications_have_to_be_of_the_numbers_account(as_support, account, numbers):
    ours, theirs = make_application(account), make_application(make_account())
    header = ["Number", "voice_application_sid"]

    batch = drafted(upload(as_support, [header, ["+12025550100", ours.pk], ["+12025550101", theirs.pk]]))

    assert [item.name for item in batch.items.all()] == ["+12025550100"]
    [[_, _, words]] = batch.detail["file"]["report"]["listed"]
    assert "the account of the number has no such application" in words


def test_foreign_numbers_are_as_if_they_were_not(client, numbers):
    mine = make_number(make_account(), phone_number="+12025550190")
    seen = make_number(make_account(), phone_number="+12025550191")
    user = make_user(Role.SUPPORT, accounts=[mine.account])
    user.memberships.create(role=Role.VIEWER, all_accounts=False).accounts.set([seen.account])
    client.force_login(user)
    names = [number.phone_number for number in (mine, seen, numbers[0])]

    batch = drafted(upload(client, [["Number", "Owner"], *([name, "Bea"] for name in names)]))

    assert [item.target for item in batch.items.all()] == [mine.pk]
    assert [(line, words) for line, _, words in batch.detail["file"]["report"]["listed"]] == [
        (3, "You may look at this number and not change it"),
        (4, "Not one of your numbers"),
    ]


def test_it_is_for_those_who_may_change_numbers(as_viewer, as_manager, as_support):
    for client in (as_viewer, as_manager):
        assert client.get(IMPORT).status_code == 403
        assert upload(client, b"Number,Owner\n").status_code == 403
        assert not Page.of(client, "/numbers/intake/").has_link("Apply an edited export")
    assert as_support.delete(IMPORT).status_code == 405
    assert Page.of(as_support, "/numbers/intake/").link("Apply an edited export") == IMPORT


def test_a_draft_of_a_file_has_no_common_change(as_support, numbers):
    batch = drafted(upload(as_support, [["Number", "Owner"], ["+12025550100", "Bea"]]))

    for answer in (
        as_support.get(f"/numbers/bulk/{batch.pk}/change/"),
        as_support.post(f"/numbers/bulk/{batch.pk}/change/", {"what": "owner", "owner": "X"}),
    ):
        assert answer["Location"] == f"/numbers/bulk/{batch.pk}/preview/"
    assert batch.items.get().detail["ours"] == {"owner": ["Ada", "Bea"]}


def test_hostile_text_stays_text(as_support, numbers):
    rows = [
        ["Number", "Name", "<b>x</b>"],
        ["+12025550100", "<script>alert(1)</script>", ""],
        ["<i>y</i>", "{{ 7 }}", ""],
    ]

    page = Page.of(as_support, upload(as_support, rows)["Location"])

    assert not {"<script>alert", "<b>x</b>", "<i>y</i>"} & {
        part for part in ("<script>alert", "<b>x</b>", "<i>y</i>") if part in page.source
    }
    assert "Name: Desk 0 → <script>alert(1)</script>" in page.one("main").text


def test_many_lines_take_a_few_queries(as_support, account):
    make_numbers(account, [{"phone_number": f"+1303{n:07d}"} for n in range(3000)])
    rows = exported(as_support)
    for line in range(2, 1002):
        set_cell(rows, line, "owner", "Bea")

    with CaptureQueriesContext(connection) as queries:
        batch = drafted(upload(as_support, rows))

    assert batch.items.count() == 1000
    assert batch.detail["file"]["unchanged"] == 2000
    assert len(queries) < 30


def test_pages_take_as_many_queries_for_many_lines_as_for_few(as_support, numbers):
    with counted("number_import"):
        Page.of(as_support, IMPORT)
    for count in (1, 4):
        rows = [["Number", "Owner"], *([number.phone_number, "Bea"] for number in numbers[:count])]
        url = upload(as_support, rows)["Location"]
        with counted("bulk_preview"):
            Page.of(as_support, url)
