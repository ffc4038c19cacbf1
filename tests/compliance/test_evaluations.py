"""What evaluations find, and what changed from one to the next."""

from hypothesis import given
from hypothesis import strategies as st

from compliance.evaluations import compare, read_faults


def result(requirement="proof_info", *, passed=False, code=22217, reason="Wrong.", invalid=(), **fields):
    return {
        "friendly_name": "Excerpt",
        "object_type": "excerpt",
        "passed": passed,
        "failure_reason": None if passed else reason,
        "error_code": None if passed else code,
        "valid": [],
        "invalid": [
            {
                "friendly_name": name.title(),
                "object_field": name,
                "failure_reason": f"{name}!",
                "error_code": code,
            }
            for name in invalid
        ],
        "requirement_friendly_name": "Proof",
        "requirement_name": requirement,
        **fields,
    }


def told(comparison):
    return [(line.verdict, line.fault.requirement_name, line.fault.field) for line in comparison.lines]


def test_a_fault_names_its_requirement_its_field_and_twilios_reason():
    [fault] = read_faults([result(invalid=["document_number"])])
    assert (fault.requirement, fault.object_name, fault.label) == ("Proof", "Excerpt", "Document_Number")
    assert (fault.reason, fault.code, fault.is_absence) == ("document_number!", 22217, False)


def test_a_missing_document_is_a_fault_beside_those_of_its_fields():
    faults = read_faults([result(code=22216, invalid=["business_name"])])
    assert [(fault.field, fault.is_absence) for fault in faults] == [("", True), ("business_name", False)]


def test_a_failure_that_names_no_field_is_about_the_whole():
    [fault] = read_faults([{"passed": False, "object_type": "passport"}])
    assert (fault.field, fault.object_name, fault.reason) == ("", "Passport", "Twilio names no reason.")


def test_it_tells_new_from_still_from_fixed():
    before = [result(invalid=["a", "b"])]
    after = [result(invalid=["b", "c"])]
    comparison = compare(before, after)
    assert told(comparison) == [
        ("new", "proof_info", "c"),
        ("still", "proof_info", "b"),
        ("fixed", "proof_info", "a"),
    ]
    assert comparison.counts == {"new": 1, "still": 1, "fixed": 1}


def test_what_the_later_one_does_not_speak_of_is_not_called_fixed():
    before = [result("attorney_info", invalid=["a"]), result(invalid=["b"])]
    assert told(compare(before, [result(passed=True)])) == [
        ("fixed", "proof_info", "b"),
        ("dropped", "attorney_info", "a"),
    ]


def test_of_a_missing_document_not_every_field_is_told():
    absent = [result(code=22216, invalid=["a", "b"])]
    assert [line.fault.field for line in compare(absent, absent).told] == [""]
    assert [(line.verdict, line.fault.field) for line in compare(absent, [result(invalid=["a"])]).told] == [
        ("still", "a"),
        ("fixed", ""),
    ]


RESULTS = st.lists(
    st.builds(
        result,
        st.sampled_from(["one_info", "two_info", "three_info"]),
        passed=st.booleans(),
        code=st.sampled_from([22214, 22215, 22216, 22217]),
        invalid=st.lists(st.sampled_from("abc"), unique=True),
    ),
    max_size=4,
)


@given(RESULTS, RESULTS)
def test_every_fault_is_told_exactly_once(before, after):
    comparison = compare(before, after)
    old = [line.before.key for line in comparison.lines if line.before]
    new = [line.after.key for line in comparison.lines if line.after]
    assert sorted(old) == sorted(fault.key for fault in read_faults(before))
    assert sorted(new) == sorted(fault.key for fault in read_faults(after))
    assert all(bool(line.before and line.after) == (line.verdict == "still") for line in comparison.lines)
    assert sum(comparison.counts.values()) == len(comparison.told) <= len(comparison.lines)


@given(RESULTS)
def test_nothing_changes_between_an_evaluation_and_itself(results):
    assert {line.verdict for line in compare(results, results).lines} <= {"still"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = (
    "passed",
    "invalid",
    "object_type",
    "error_code",
    "requirement_name",
    "failure_reason",
    "friendly_name",
)


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), JSON)))
def test_whatever_twilio_writes_is_read(results):
    compare(results, results[:1])
