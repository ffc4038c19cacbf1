"""Prices of numbers by country (doc page 42): `toll free` with a space, amounts as text."""

from portal.sandbox import paging
from portal.sandbox.call import PRICING, Call, Route
from portal.sandbox.dataset.plan import COUNTRIES, lines_of
from portal.sandbox.store import Row
from portal.sandbox.wire import Answer, encode, ok

PATH = "/v1/PhoneNumbers/Countries"
NUMBER_TYPES = {"local": "local", "mobile": "mobile", "national": "national", "tollfree": "toll free"}


def list_countries(call: Call) -> Answer:
    """Countries by name. This list has no sids; its tokens carry the country code."""
    listed = sorted(COUNTRIES, key=lambda code: COUNTRIES[code], reverse=True)
    window = paging.read_window(
        call.request.query, lambda code: listed.index(code) if code in listed else None
    )
    rows: list[Row] = [(position, code, encode(_summary(code))) for position, code in enumerate(listed)]
    rows = rows[: window.below][::-1] if window.above is None else rows[window.above + 1 :]
    page = paging.cut_page(window, rows[: window.size + 1])
    return paging.meta_list(call.request, "countries", page)


def fetch_country(call: Call) -> Answer:
    """The prices of one country; of one where Twilio sells nothing, every field null with status 200."""
    code = call.params["IsoCountry"].upper()
    if code not in COUNTRIES:
        return ok(dict.fromkeys(("url", "country", "price_unit", "phone_number_prices", "iso_country")))
    prices = [
        {
            "number_type": NUMBER_TYPES[line.type],
            "base_price": line.base_price,
            "current_price": line.current_price,
        }
        for line in lines_of(code)
        if line.type in NUMBER_TYPES
    ]
    return ok({**_summary(code), "phone_number_prices": prices, "price_unit": "USD"})


def _summary(code: str) -> dict[str, object]:
    return {
        "country": COUNTRIES[code],
        "iso_country": code,
        "url": f"https://{PRICING}{PATH}/{code}",
    }


ROUTES = (
    Route("GET", PRICING, PATH, list_countries),
    Route("GET", PRICING, PATH + "/{IsoCountry}", fetch_country),
)
