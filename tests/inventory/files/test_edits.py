"""An export read back: untouched it changes nothing, edited it changes what was edited."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.columns import COLUMNS, Beside
from inventory.configuration import PROPERTIES
from inventory.files.edits import FIELDS, OURS, edit_of, edited, read_header, tags_of, title_of
from inventory.files.tables import Unreadable, lines_of, text_of
from inventory.models import PhoneNumber
from portal.csv_files import lines, plain_cell, safe_cell
from portal.models import TwilioAccount

SID = "PN" + "0" * 32
ACCOUNT = "AC" + "0" * 32
APPLICATION, TRUNK = "AP" + "a" * 32, "TK" + "b" * 32

# Whatever a name may hold: formula signs, quotes, line ends, separators, emoji
_hostile = st.text(
    st.sampled_from("=+-@'\"\t\r\n,; ab1\u00e4\U0001f4de\u202e")
    | st.characters(exclude_categories=("Cs",), exclude_characters="\0"),
    max_size=30,
) | st.sampled_from(
    ["=1+1", "'=1", "''+1", "+12025550100", "'+12025550100", "-", "x" * 5000, "\r\n=\n", " a "]
)


def number(**fields):
    """A number that is in no database. `fields` are Twilio's and ours."""
    payload = dict.fromkeys(PROPERTIES, "") | {k: v for k, v in fields.items() if k in PROPERTIES}
    return PhoneNumber(
        sid=SID, phone_number="+12025550100", account=TwilioAccount(sid=ACCOUNT, friendly_name="Ours"),
        payload=payload, country="US", number_type="local", voice=fields.get("voice", True), sms=True,
        remote_created_at=datetime(2024, 1, 2, tzinfo=UTC),
        friendly_name=payload["friendly_name"], voice_url=payload["voice_url"], sms_url=payload["sms_url"],
        trunk_sid=payload["trunk_sid"] or None,
        voice_application_id=payload["voice_application_sid"] or None,
        sms_application_id=payload["sms_application_sid"] or None,
        owner=fields.get("owner", ""), cost_centre=fields.get("cost_centre", ""), tags=fields.get("tags", []),
    )  # fmt: skip


OF_THE_DATABASE = {"price", "activity", "usage"}


class NoPrices:
    def of(self, *of_what):
        return None


def exported(*numbers, encoding="utf-8-sig", separator=","):
    """The file that the export makes of all columns, perhaps saved by a spreadsheet in its own way."""
    columns = [column for column in COLUMNS if column.name not in OF_THE_DATABASE]
    header = [f"{column.title} ({key})" for column in columns for key in column.keys]
    rows = ([cell for column in columns for cell in column.cells(n, Beside(NoPrices()))] for n in numbers)
    text = "".join(lines(header, rows))
    if separator != ",":
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=separator).writerows(csv.reader(io.StringIO(text, newline="")))
        text = out.getvalue()
    return text.encode(encoding)


def read_back(data):
    """The cells of each line, by key."""
    (_, first), *rest = lines_of(text_of(data))
    header = read_header(first)
    return [{key: cells[position] for key, position in header.positions.items()} for _, cells in rest]


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        dict.fromkeys([*FIELDS, "owner", "cost_centre"], _hostile),
        optional={"tags": st.lists(_hostile, max_size=3)},
    ),
    st.sampled_from(["utf-8-sig", "utf-8", "utf-16"]),
    st.sampled_from(",;\t"),
)
def test_an_export_that_nobody_edited_changes_nothing(fields, encoding, separator):
    there = number(**fields)

    [cells] = read_back(exported(there, encoding=encoding, separator=separator))

    assert cells["phone_number"] == "+12025550100"
    assert edited(there, cells) == {}


@given(_hostile)
def test_every_value_is_what_its_cell_was_made_of(value):
    assert plain_cell(safe_cell(value)) == value
    assert not safe_cell(value).startswith(("=", "-", "@", "\t", "\r"))


@settings(max_examples=200)
@given(_hostile.map(str.strip).filter(lambda name: len(name) <= 64), _hostile.filter(lambda t: len(t) < 99))
def test_what_was_typed_into_a_cell_arrives(name, owner):
    there = number(friendly_name="Before", owner="Ada")
    wanted = {"friendly_name": safe_cell(name), "owner": safe_cell(owner)}

    changed = edited(there, wanted)
    effect = edit_of(there, changed, ()).effect

    clean = owner.replace("\r\n", "\n").replace("\r", "\n").strip()
    after = {key: values[1] for key, values in {**effect.fields, **effect.ours}.items()}
    assert after.get("friendly_name", "Before") == name
    assert after.get("owner", "Ada").replace("\r\n", "\n").replace("\r", "\n") == clean


def test_edited_cells_become_before_and_after():
    there = number(voice_url="https://a.example.com/", owner="Ada", tags=["b", "a"], friendly_name="Desk")
    cells = {
        "friendly_name": "Desk", "voice_url": "", "sms_url": " https://s.example.com/in ", "owner": "Bea",
        "tags": "A, c", "trunk_sid": TRUNK, "voice_application_sid": APPLICATION, "cost_centre": "",
    }  # fmt: skip

    edit = edit_of(there, edited(there, cells), {(ACCOUNT, APPLICATION)})

    assert not edit.faults
    assert edit.effect.fields == {
        "trunk_sid": ["", TRUNK], "voice_application_sid": ["", APPLICATION],
        "voice_url": ["https://a.example.com/", ""], "sms_url": ["", "https://s.example.com/in"],
    }  # fmt: skip
    assert edit.effect.ours == {"owner": ["Ada", "Bea"], "tags": [["a", "b"], ["a", "c"]]}


def test_what_stands_at_twilio_already_is_not_judged():
    there = number(voice_url="http://old.example.com/", friendly_name="x" * 99)

    assert edited(there, {"voice_url": "http://old.example.com/", "friendly_name": "x" * 99}) == {}


@pytest.mark.parametrize(
    ("key", "cell", "words"),
    [
        ("friendly_name", "x" * 65, "longer than 64 characters"),
        ("owner", "x" * 101, "longer than 100 characters"),
        ("cost_centre", "x" * 61, "longer than 60 characters"),
        ("tags", "a, " + "x" * 41, "is longer than 40 characters"),
        ("voice_url", "http://a.example.com", "use https:// so that"),
        ("sms_url", "https://localhost/", "use a host that Twilio can reach"),
        ("voice_url", "https://a.example.com/" + "x" * 2000, "longer than 2000 characters"),
        ("trunk_sid", "TK1", "a trunk is TK and 32 letters or digits"),
        ("voice_application_sid", "x", "an application is AP and 32 letters or digits"),
        ("sms_application_sid", "AP" + "c" * 32, "the account of the number has no such application"),
    ],
)
def test_what_cannot_be_is_said(key, cell, words):
    edit = edit_of(number(), {key: cell}, {(ACCOUNT, APPLICATION)})

    [fault] = edit.faults
    assert fault.startswith(title_of(key))
    assert words in fault
    assert edit.effect.is_nothing


def test_all_faults_of_a_line_are_said_at_once():
    voiceless = number(voice=False)

    edit = edit_of(
        voiceless, {"voice_url": "https://a.example.com/", "owner": "x" * 101, "friendly_name": "ok"}, ()
    )

    assert len(edit.faults) == 2
    assert "Calls go to (voice_url): the number cannot take calls" in edit.faults


# The first line


def test_columns_are_known_by_machine_key_by_title_and_in_any_order():
    header = read_header(
        ["Tags (tags)", "owner", "NUMBER", "Name", "My notes", "Titel (sms_url)", "", "status"]
    )

    assert header.positions == {
        "tags": 0, "owner": 1, "phone_number": 2, "friendly_name": 3, "sms_url": 5, "status": 7
    }  # fmt: skip
    assert header.unknown == ["My notes"]
    assert header.editable == ["friendly_name", "sms_url", "owner", "tags"]
    assert header.fixed == ["status"]


def test_a_title_that_stands_for_several_columns_is_none():
    assert read_header(["sid", "owner", "Calls go to"]).unknown == ["Calls go to"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["Name", "Owner"], "No column says which number a line is about"),
        (
            ["Number", "Status"],
            "None of its columns can be changed by a file. These can: Name (friendly_name)",
        ),
        (["Number", "Owner", "owner"], "Two columns are called Owner (owner)"),
        (["Number", "phone_number", "Owner"], "Two columns are called Number (phone_number)"),
    ],
)
def test_a_first_line_that_does_not_do_is_refused(cells, words):
    with pytest.raises(Unreadable) as caught:
        read_header(cells)

    assert words in str(caught.value)


def test_every_column_that_can_be_changed_is_exported():
    keys = {key for column in COLUMNS for key in column.keys}
    assert keys >= {*FIELDS, *OURS, "sid", "phone_number"}


def test_tags_are_read_as_everywhere():
    assert tags_of(" Night, a,,night ") == ["a", "night"]
