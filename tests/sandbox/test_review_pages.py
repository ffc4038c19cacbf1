"""The reviewer's pages and the JSON controls beside them, over HTTP."""

import json

import pytest
import requests

from tests.sandbox.compliance import CALLBACK, document, fetch, make_bundle, ready_bundle, submitted


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def visit(server, session):
    """Reads a page below /review, or presses one of its buttons."""

    def read(path="", **form):
        url = f"{server.url}/review{path}"
        return session.post(url, data=form, timeout=5) if form else session.get(url, timeout=5)

    return read


@pytest.fixture
def control(server, session):
    def call(method, path, body=None):
        answer = session.request(method, f"{server.url}/_sandbox{path}", json=body, timeout=5)
        return answer.status_code, answer.json()

    return call


def test_what_waits_stands_first_and_is_approved_with_a_click(visit, api):
    bundle = submitted(api).sid
    text = visit().text
    assert text.index(bundle) < text.index("twilio-approved</span>")
    assert visit(f"/{bundle}", status="in-review").status_code == 200
    assert fetch(api, bundle)["status"] == "in-review"
    visit(f"/{bundle}", status="twilio-approved")
    assert fetch(api, bundle)["status"] == "twilio-approved"
    visit(f"/{bundle}", valid_until="2026-09-01")
    assert fetch(api, bundle)["valid_until"] == "2026-09-01T00:00:00Z"


def test_a_bundle_is_rejected_with_a_code_for_a_document(visit, api):
    ready = submitted(api)
    text = visit(f"/{ready.sid}").text
    assert "18022 Outdated Proof of Address document" in text
    assert "Thornlea Dental" in text
    visit(f"/{ready.sid}", status="twilio-rejected", code="18004", reason="", document=ready.documents[0])
    assert document(api, ready.documents[0])["failure_reason"] == "Redactions in document"


def test_what_is_shown_is_escaped(visit, api):
    bundle = make_bundle(api, FriendlyName="<script>alert(1)</script>")["sid"]
    for path in ("", f"/{bundle}"):
        assert "<script>" not in visit(path).text


def test_the_pages_filter_and_refuse(visit, api):
    assert "twilio-rejected</span>" not in visit("?status=draft").text
    assert visit("/BU" + "0" * 32).status_code == 404
    assert visit("/nothing").status_code == 404
    assert visit(f"/{make_bundle(api)['sid']}", status="twilio-approved").status_code == 400
    assert (
        visit(
            "/regulations", country="IS", number_type="local", end_user_type="business", requirements="{"
        ).status_code
        == 400
    )
    elsewhere = {"Origin": "https://evil.example.com"}
    url = visit().url
    assert requests.post(url, data={"pick_up": "1"}, headers=elsewhere, timeout=5).status_code == 403


def test_the_speed_of_reviews_is_set(visit, control):
    visit("", automatic="on", pick_up="5", decide="6")
    assert control("GET", "/reviews")[1]["pick_up"] == 5
    status, answer = control("POST", "/reviews", {"automatic": False})
    assert (status, answer) == (200, {"automatic": False, "pick_up": 60, "decide": 240})
    assert "checked" not in visit().text
    assert control("POST", "/reviews", {"speed": 1})[0] == 400


def test_a_regulation_is_changed_and_one_with_unheard_of_fields_added(visit, api):
    (german,) = api.regulatory(
        "GET", "/Regulations", {"IsoCountry": "DE", "NumberType": "local", "EndUserType": "business"}
    )["results"]
    assert "Germany: Local - Business" in visit("/regulations").text
    visit(f"/{german['sid']}", at="end_user", add="vat", called="VAT", remove="", days="9")
    changed = api.regulatory("GET", f"/Regulations/{german['sid']}")["requirements"]
    assert changed["end_user"][0]["fields"] == ["business_name", "vat"]
    whole = json.dumps(german["requirements"])
    again = visit(f"/{german['sid']}", requirements=whole, days="9", reissue="on")
    sid = again.url.rpartition("/")[2]
    assert sid != german["sid"]
    assert api.regulatory("GET", f"/Regulations/{sid}")["requirements"] == german["requirements"]
    form = visit("/regulations").text
    example = form.partition('rows="20">')[2].partition("</textarea>")[0].replace("&quot;", '"')
    visit("/regulations", country="IS", number_type="mobile", end_user_type="business", requirements=example)
    assert make_bundle(api, "IS mobile business")["status"] == "draft"


def test_verdicts_over_json(control, api):
    ready = submitted(api, StatusCallback=CALLBACK)
    path = f"/bundles/{ready.sid}"
    status, found = control("GET", path)
    assert (status, found["evaluation"]["status"]) == (200, "compliant")
    assert [one["sid"] for one in found["documents"]] == list(ready.documents)
    assert (
        control("POST", path, {"status": "twilio-rejected", "code": 18062})[1]["status"] == "twilio-rejected"
    )
    assert control("POST", path, {"status": "lost"})[0] == 400
    assert control("POST", path, {"verdict": "yes"})[0] == 400
    assert control("POST", "/bundles/BU" + "0" * 32, {"status": "twilio-approved"})[0] == 404
    assert ready.sid in {
        one["sid"] for one in control("GET", "/bundles?status=twilio-rejected")[1]["bundles"]
    }
    assert control("GET", f"/bundles?account={api.account}&status=nothing")[1] == {"bundles": []}


def test_callbacks_over_json(control, api):
    assert control("GET", "/callbacks")[1]["spelling"] == "documented"
    settings = {"spelling": "snake", "idempotency_token": True, "page_hyphens": False}
    assert control("POST", "/callbacks", settings)[1] == settings
    assert control("POST", "/callbacks", {"spelling": "kebab"})[0] == 400
    bundle = submitted(api, StatusCallback=CALLBACK).sid
    (callback,) = control("GET", "/callbacks")[1]["callbacks"]
    assert callback["fields"]["bundle_sid"] == bundle
    assert control("POST", f"/callbacks/{callback['id']}")[0] == 200
    assert len(control("GET", "/callbacks")[1]["callbacks"]) == 2
    assert control("POST", "/callbacks/999")[0] == 404


def test_regulations_over_json(control, api):
    bundle = ready_bundle(api).sid
    sid = fetch(api, bundle)["regulation_sid"]
    status, changed = control("POST", f"/regulations/{sid}", {"add": "vat", "days": 3})
    assert (status, changed["version"]) == (200, 2)
    assert control("POST", f"/regulations/{sid}", {"add": "vat", "at": "nowhere"})[0] == 400
    assert control("POST", "/regulations/RN" + "0" * 32, {"add": "vat"})[0] == 404
    assert control("POST", "/regulations", {"iso_country": "IS"})[0] == 400


def test_an_uploaded_file_is_there_to_look_at(server, session, api):
    (sid,) = ready_bundle(api).documents
    answer = session.get(f"{server.url}/_sandbox/files/{sid}", timeout=5)
    assert (answer.content, answer.headers["Content-Type"]) == (b"%PDF-1.7 scan", "application/pdf")
    assert session.get(f"{server.url}/_sandbox/files/RD1", timeout=5).status_code == 404
