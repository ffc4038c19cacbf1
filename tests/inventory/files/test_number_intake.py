"""Numbers pasted or uploaded: found among ours, frozen, and every other line explained."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import Batch, Role
from tests.factories import make_account, make_number, make_user
from tests.inventory.stock import list_numbers, make_numbers
from tests.pages import Page, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

INTAKE, LIST = "/numbers/intake/", "/numbers/"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def numbers(account):
    return make_numbers(
        account,
        [
            {"phone_number": "+12025550100"},
            {"phone_number": "+12025550101"},
            {"phone_number": "+493023125017"},
        ],
    )


def paste(client, text, **sent):
    return client.post(INTAKE, {"numbers": text, "country": "US", **sent})


def upload(client, data, name="numbers.csv", **sent):
    data = data.encode() if isinstance(data, str) else data
    return client.post(INTAKE, {"file": SimpleUploadedFile(name, data), "country": "US", **sent})


def chosen(answer):
    """The draft that was made."""
    assert answer.status_code == 302, Page(answer).one("main").text
    return Batch.objects.get(pk=answer["Location"].split("/")[3])


def found(answer):
    return {item.name for item in chosen(answer).items.all()}


def report(page):
    return [tuple(cell.text for cell in row.all("th, td")) for row in page.all("tbody tr")]


def refusal(answer):
    assert answer.status_code == 422
    page = Page(answer)
    assert page.title.startswith("Error: ")
    return page.one("[data-error-summary] li").text


def test_pasted_numbers_are_found_in_any_format(as_support, numbers):
    answer = paste(as_support, "(202) 555-0100, +1 202 555 0101\n0049 30 23125017")

    assert found(answer) == {"+12025550100", "+12025550101", "+493023125017"}
    page = Page.of(as_support, answer["Location"])
    assert page.one("h1").text == "3 numbers found"
    assert "All 3 that were read are yours." in page.one("main").text


def test_every_line_that_is_not_used_is_there_with_its_reason(as_support, account, numbers):
    gone = make_number(account, phone_number="+12025550199")
    list_numbers(account, [number.payload for number in numbers])
    text = "\n".join(
        [
            "Numbers of the desk", "+12025550100", "202 555 0100", "+12025550155", "1-800-FLOWERS",
            "+1 202 555 0101 ext. 9", "1.20256E+10", "", gone.phone_number, "+1 202", "+493023125017",
        ]
    )  # fmt: skip

    answer = paste(as_support, text)

    assert found(answer) == {"+12025550100", "+493023125017"}
    assert report(Page.of(as_support, answer["Location"])) == [
        ("1", "Numbers of the desk", "Not a number"),
        ("3", "202 555 0100", "Twice: it stands in line 2 already"),
        ("4", "+12025550155", "Not one of your numbers"),
        ("5", "1-800-FLOWERS", "Not a number: it has letters. Write it in digits"),
        ("6", "+1 202 555 0101 ext. 9", "Not a number: it has an extension. Write the number without it"),
        ("7", "1.20256E+10", "Not a number: a spreadsheet has shortened it. Format the column as text"),
        ("9", "+12025550199", "No longer at Twilio"),
        ("10", "+1 202", "Not a number: it is too short"),
    ]


def test_the_country_of_national_numbers_is_asked_for(as_support, account, numbers):
    form = Page.of(as_support, INTAKE).form()
    assert form["country"] == ["US"], "where most are"

    assert found(paste(as_support, "030 23125017", country="DE")) == {"+493023125017"}
    assert "None of your numbers" in refusal(paste(as_support, "030 23125017", country=""))


def test_sids_are_numbers_too(as_support, numbers):
    assert found(paste(as_support, f"{numbers[0].pk} {numbers[1].pk}")) == {"+12025550100", "+12025550101"}


@pytest.mark.parametrize(
    "text",
    [
        "Name,Number (phone_number)\nDesk,+12025550100\nDoor,+12025550101\n",
        "phone_number\n+12025550100\n12025550101\n",
        "Telephone;Name\n(202) 555-0100;x\n202-555-0101;y\n",
        "+12025550100\n+12025550101\n",
        "Desk\t+12025550100\nDoor\t+12025550101\n",
        "Sid\n{0}\n{1}\n",
        '"\'+12025550100"\n"+1 202 555 0101"\n',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_file_is_read_by_its_column_of_numbers(as_support, numbers, text, encoding):
    text = text.format(*(number.pk for number in numbers))

    assert found(upload(as_support, text.encode(encoding))) == {"+12025550100", "+12025550101"}


def test_a_line_without_the_cell_is_named(as_support, numbers):
    answer = upload(as_support, "Name,Number\nDesk,+12025550100\nDoor\n")

    assert report(Page.of(as_support, answer["Location"])) == [("3", "–", "Not a number")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04", "This is a workbook. Save it as CSV (UTF-8)"),
        (b"Name,Owner\nDesk,Ada\n", "No column is called Number (phone_number). The first line has: Name,"),
        (b'Number\n"+12025550100\n', "A quotation mark is missing or one too many in line 2."),
        (b"Number\n+12025550177\n", "None of your numbers is in it"),
        (b"Number\n", "There is no number in it"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(as_support, numbers, data, words):
    assert words in refusal(upload(as_support, data))
    assert not Batch.objects.exists()


def test_one_of_both_ways_is_needed(as_support, numbers):
    assert refusal(paste(as_support, " ")) == "Paste numbers or choose a file"
    both = paste(as_support, "+12025550100", file=SimpleUploadedFile("a.csv", b"Number\n+12025550100"))
    assert refusal(both) == "Paste numbers or choose a file, not both"


def test_too_much_is_refused(as_support, numbers, monkeypatch):
    assert "Put more than 1,000,000 characters into a file" in refusal(paste(as_support, "1" * 1_000_001))
    assert "more than 50,000 numbers" in refusal(paste(as_support, "1\n" * 50_001))
    monkeypatch.setattr("inventory.files.forms.MOST_BYTES", 5)
    assert "Choose a file of at most" in refusal(upload(as_support, "Number\n+12025550100"))
    monkeypatch.setattr("portal.batches.asking.MOST_ITEMS", 1)
    monkeypatch.setattr("inventory.bulk.actions.MOST_ITEMS", 1)
    assert "These are more than 1." in refusal(paste(as_support, "+12025550100 +12025550101"))


def test_fifty_thousand_lines_are_read_in_a_few_queries(as_support, numbers):
    lines = [f"+1303{index:07d}" for index in range(49_998)]

    with CaptureQueriesContext(connection) as queries:
        answer = upload(as_support, "\n".join(["+12025550100", *lines, "+493023125017"]))

    assert found(answer) == {"+12025550100", "+493023125017"}
    page = Page.of(as_support, answer["Location"])
    assert page.one("#not-used h2").text == "49,998 lines not used"
    assert page.one("dl").text == "Not one of your numbers Lines 502–49999"
    assert len(queries) < 100


def test_foreign_numbers_are_as_if_they_were_not(client, numbers):
    mine = make_number(make_account(), phone_number="+12025550102")
    client.force_login(make_user(Role.SUPPORT, accounts=[mine.account]))

    answer = paste(client, "+12025550100 +12025550102")

    assert found(answer) == {"+12025550102"}
    assert report(Page.of(client, answer["Location"])) == [("1", "+12025550100", "Not one of your numbers")]
    [option] = [o for o in Page.of(client, INTAKE).all("select option") if o.get("value")]
    assert option["value"] == "US"


def test_a_number_on_two_accounts_is_both(as_support, numbers):
    make_number(make_account(), phone_number="+12025550100")

    assert chosen(paste(as_support, "+12025550100")).items.count() == 2


# And then


def test_they_open_as_a_list_that_can_be_narrowed(as_support, account, numbers):
    answer = paste(as_support, "+12025550100 +493023125017")
    url = Page.of(as_support, answer["Location"]).link("Open as a list")

    page = Page.of(as_support, url)

    assert len(page.rows) == 2
    assert page.one(".chip").text.startswith("Among Chosen numbers")
    assert page.form("#filters")["batch"] == [url.partition("=")[2]], "and stays when another filter is added"
    assert len(Page.of(as_support, f"{url}&country=DE").rows) == 1
    assert page.link("Export CSV").endswith(url.partition("?")[2])


@pytest.mark.parametrize("batch", ["nonsense", "00000000-0000-4000-8000-000000000000", "\0"])
def test_a_list_of_nothing_that_was_chosen_is_empty(as_support, numbers, batch):
    assert Page.of(as_support, url_of(LIST, batch=batch)).rows == []


def test_a_task_begins_with_what_was_found(as_support, numbers):
    answer = paste(as_support, "+12025550100 +493023125017")
    form = Page.of(as_support, answer["Location"]).form()

    draft = as_support.post("/numbers/select/", {**form, "do": "change"})

    batch = Batch.objects.get(pk=draft["Location"].split("/")[3])
    assert batch.kind == "inventory.update_numbers"
    assert {item.name for item in batch.items.all()} == {"+12025550100", "+493023125017"}


def test_what_one_may_not_do_is_not_offered(as_viewer, numbers):
    answer = paste(as_viewer, "+12025550100")

    page = Page.of(as_viewer, answer["Location"])
    assert page.has_link("Open as a list")
    assert not page.all("main form button")


def test_what_was_found_is_the_finders(as_support, as_manager, numbers):
    url = paste(as_support, "+12025550100")["Location"]

    assert as_manager.get(url).status_code == 404
    assert as_support.post(url).status_code == 405
    assert as_support.delete(INTAKE).status_code == 405
    assert not Page.of(as_support, "/batches/").all(".notice--info"), "it is no draft to go on with"


def test_the_list_leads_there(as_support, numbers):
    assert Page.of(as_support, LIST).link("Paste or upload") == INTAKE


def test_hostile_text_stays_text(as_support, numbers):
    answer = paste(as_support, "+12025550100\n<script>alert(1)</script>\n'; DROP TABLE\n{{ 7 }}")

    page = Page.of(as_support, answer["Location"])
    assert "<script>alert" not in page.source
    assert len(report(page)) == 3


def test_pages_take_as_many_queries_for_many_numbers_as_for_few(as_support, account):
    make_numbers(account, [{} for _ in range(60)])
    few = paste(as_support, "+12025550001")["Location"]
    many = paste(as_support, " ".join(f"+1202555{index:04d}" for index in range(1, 60)))["Location"]
    with counted("number_intake"):
        Page.of(as_support, INTAKE)
    for url in (few, many):
        with counted("number_chosen"):
            Page.of(as_support, url)
