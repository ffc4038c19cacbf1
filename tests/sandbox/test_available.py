"""AvailablePhoneNumbers (doc pages 19 to 22)."""

from datetime import timedelta

import pytest

from portal.sandbox.dataset.places import US
from portal.sandbox.geography import miles_between
from tests.sandbox.conftest import for_sale, owned


def found(api, country="US", kind="Local", **query):
    reply = api.get(f"/AvailablePhoneNumbers/{country}/{kind}", **query)
    assert reply.status == 200, reply.json
    return reply["available_phone_numbers"]


def test_countries_name_the_types_they_have(api):
    listed = {row["country_code"]: row for row in api.get("/AvailablePhoneNumbers")["countries"]}
    assert len(listed) == 20
    assert set(listed["FR"]["subresource_uris"]) == {"local", "mobile", "national", "voip", "shared_cost"}
    assert "machine_to_machine" in listed["SE"]["subresource_uris"]
    assert api.get("/AvailablePhoneNumbers/US").json == listed["US"]
    assert set(listed["US"]["subresource_uris"]) == {"local", "toll_free"}


def test_a_country_or_type_that_is_not_sold_is_not_there(api):
    assert api.get("/AvailablePhoneNumbers/ZZ").code == 20404
    assert api.get("/AvailablePhoneNumbers/US/Mobile").code == 20404


def test_a_search_answers_thirty_numbers_and_no_next_page(api):
    reply = api.get("/AvailablePhoneNumbers/US/Local", PageSize=1000)
    assert set(reply.json) == {"available_phone_numbers", "uri"}
    assert len(reply["available_phone_numbers"]) == 30
    assert len(found(api, PageSize=7)) == 7


def test_every_list_a_country_names_has_numbers(api):
    for country in api.get("/AvailablePhoneNumbers")["countries"]:
        for uri in country["subresource_uris"].values():
            assert api.follow(uri)["available_phone_numbers"], uri


def test_nothing_for_sale_is_owned(api, sandbox):
    overlap = sandbox.store.value("SELECT count(*) FROM stock JOIN number USING (phone_number)")
    assert overlap == 0
    assert len({row["phone_number"][:5] for row in found(api)}) > 10


@pytest.mark.parametrize("pattern", ["+1510555", "7306$", "%979%", "HELP$", "+1415555*", "55501"])
def test_patterns_find_numbers(api, pattern):
    assert found(api, Contains=pattern)


def test_a_pattern_that_is_not_one_is_refused(api):
    assert api.get("/AvailablePhoneNumbers/US/Local", Contains="5*5").code == 21421


def test_an_area_code_is_that_of_the_number(api):
    assert {row["phone_number"][2:5] for row in found(api, AreaCode="510")} == {"510"}
    assert {row["phone_number"][2:5] for row in found(api, "US", "TollFree", AreaCode="888")} == {"888"}
    assert found(api, AreaCode="999") == []
    assert api.get("/AvailablePhoneNumbers/US/Local", AreaCode="abc").code == 21451


@pytest.mark.parametrize(
    ("parameter", "value", "key", "expected"),
    [
        ("InRegion", "AR", "region", "AR"),
        ("InRegion", "+15015550123", "region", "AR"),
        ("InPostalCode", "94612", "postal_code", "94612"),
        ("InPostalCode", "5105550123", "postal_code", "94612"),
        ("InLata", "722", "lata", "722"),
        ("InLata", "+14155550199", "lata", "722"),
        ("InLocality", "oakland", "locality", "Oakland"),
    ],
)
def test_geography_limits_the_search(api, parameter, value, key, expected):
    rows = found(api, **{parameter: value})
    assert rows
    assert {row[key] for row in rows} == {expected}


def test_a_rate_center_needs_its_lata(api):
    assert api.get("/AvailablePhoneNumbers/US/Local", InRateCenter="OKLD MN PD").code == 20422
    rows = found(api, InRateCenter="OKLD MN PD", InLata="722")
    assert {row["locality"] for row in rows} == {"Oakland"}
    assert found(api, InRateCenter="OKLD MN PD", InLata="730") == []


def test_near_means_25_miles_unless_a_distance_is_given(api):
    near = {row["locality"] for row in found(api, NearLatLong="37.840699,-122.461853", InRegion="CA")}
    assert near == {"San Francisco", "Oakland"}
    wider = {row["locality"] for row in found(api, NearNumber="+14155550100", Distance="50")}
    assert {"San Jose", "Oakland"} <= wider | {
        row["locality"] for row in found(api, NearNumber="+14155550100", Distance="50", AreaCode="408")
    }
    assert "Sacramento" not in wider


@pytest.mark.parametrize(
    "query",
    [{"NearLatLong": "north"}, {"NearLatLong": "91,0"}, {"NearLatLong": "37.8,-122.4", "Distance": "501"}],
)
def test_a_place_that_is_none_is_refused(api, query):
    assert api.get("/AvailablePhoneNumbers/US/Local", **query).code == 20422


def test_distances_are_along_the_great_circle():
    new_york, los_angeles = (
        next((place.latitude, place.longitude) for place in US if place.area_code == code)
        for code in ("212", "213")
    )
    assert miles_between(new_york, los_angeles) == pytest.approx(2450, abs=15)
    assert miles_between(new_york, new_york) == 0


def test_geography_means_nothing_outside_the_us_and_canada(api):
    assert found(api, "GB", "Local", InRegion="CA") == found(api, "GB", "Local")
    assert found(api, "US", "TollFree", InRegion="CA") == []


def test_abilities_and_addresses_exclude_whole_types(api):
    assert found(api, "GB", "Local", SmsEnabled="true") == []
    assert found(api, "GB", "Local", VoiceEnabled="true", SmsEnabled="false")
    assert found(api, "US", "Local", ExcludeAllAddressRequired="true")
    assert found(api, "GB", "Local", ExcludeAllAddressRequired="true") == []
    assert found(api, "GB", "Local", ExcludeLocalAddressRequired="true")
    assert found(api, "DE", "Local", ExcludeLocalAddressRequired="true") == []
    assert found(api, "FI", "TollFree", ExcludeForeignAddressRequired="true") == []


def test_beta_numbers_can_be_left_out(api):
    beta = next(
        row
        for code in ("212", "415", "312", "305", "206", "713", "602")
        for row in found(api, AreaCode=code)
        if row["beta"]
    )
    digits = beta["phone_number"]
    assert found(api, Contains=f"{digits}$")
    assert found(api, Contains=f"{digits}$", Beta="false") == []
    assert api.get("/AvailablePhoneNumbers/US/Local", Beta="maybe").code == 20422


def test_numbers_tell_their_geography_as_text(api):
    row = found(api, AreaCode="808")[0]
    assert (row["latitude"], row["longitude"], row["lata"]) == ("19.720000", "-155.090000", "834")
    assert row["friendly_name"].startswith("(808) 555-")
    abroad = found(api, "SE", "Mobile")[0]
    assert (abroad["latitude"], abroad["region"], abroad["friendly_name"]) == (
        None,
        None,
        abroad["phone_number"],
    )


def test_a_bought_number_is_gone_and_a_released_one_rests(api, sandbox):
    number = for_sale(api, AreaCode="415")
    bought = api.post("/IncomingPhoneNumbers", PhoneNumber=number)
    assert found(api, Contains=f"{number}$") == []
    assert api.delete(f"/IncomingPhoneNumbers/{bought['sid']}").status == 204
    assert found(api, Contains=f"{number}$") == []
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=number).code == 21422
    sandbox.clock.advance(timedelta(days=11))
    assert [row["phone_number"] for row in found(api, Contains=f"{number}$")] == [number]


def test_a_number_of_the_data_set_comes_back_too(api, sandbox):
    number = owned(api, type="local", address_requirements="none", origin="twilio")
    api.delete(f"/IncomingPhoneNumbers/{number['sid']}")
    sandbox.clock.advance(timedelta(days=11))
    assert found(api, Contains=f"{number['phone_number']}$")
