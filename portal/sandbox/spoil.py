"""What a fault does to an answer."""

from dataclasses import replace
from typing import Any

from portal.sandbox.errors import MESSAGES, ApiError, refusal
from portal.sandbox.faults import Fault
from portal.sandbox.wire import JSON_TYPE, Request, Response, decode, encode

HTML_TYPE = "text/html; charset=utf-8"
PAGE = b"<html><head><title>%d</title></head><body><h1>%s</h1><hr>gateway</body></html>\n"
REASONS = {429: b"Too Many Requests", 500: b"Internal Server Error", 502: b"Bad Gateway"}
CODES = {429: 20429, 500: 20500, 503: 20503}
NEXT_KEYS = ("next_page_uri", "next_page_url")


def before(fault: Fault | None, request: Request) -> Request:
    """The request as it comes through: without what it uploads, if that is lost on the way."""
    if fault is None or fault.kind != "empty-file":
        return request
    return replace(request, files=tuple(replace(file, content=b"") for file in request.files))


def instead(fault: Fault) -> Response:
    """The answer of a fault that has the request's place."""
    if fault.kind == "reset":
        return Response(0, cut="reset")
    headers = {"Content-Type": HTML_TYPE if fault.body == "html" else JSON_TYPE}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return Response(fault.status, _refusing_body(fault), headers)


def tampered(url: str, body: bytes, fault: Fault | None) -> tuple[str, bytes]:
    """What is called and with what, once it was signed: something else, if somebody is at it on the way."""
    if fault is None or fault.kind != "callback-tampered":
        return url, body
    return (url, body + b"&Tampered=1") if body else (f"{url}&Tampered=1", body)


def spoil(fault: Fault, request: Request, response: Response) -> Response:
    """The answer of a fault that strikes after the request was processed, and committed."""
    if fault.kind == "status":
        return instead(fault)
    if fault.kind == "lost-answer":
        return Response(response.status, cut="reset")
    if fault.kind == "slow":
        response.stall = fault.seconds
    elif fault.kind == "html":
        response.body = PAGE % (200, b"We will be right back")
        response.status, response.headers["Content-Type"] = 200, HTML_TYPE
    elif fault.kind in ("truncated", "wrong-length"):
        whole = response.body
        response.body = whole[: len(whole) // 2 if fault.at is None else fault.at]
        if fault.kind == "wrong-length":
            response.cut = "short"
            response.headers["Content-Length"] = str(max(len(whole), len(response.body) + 1))
    elif response.status == 200:
        response.body = _spoil_page(fault, request, response.body)
    return response


def _token(row: dict[str, Any]) -> str:
    """What a page token carries: the sid, or the country where there is none."""
    return f"PA{row.get('sid') or row['iso_country']}"


def _refusing_body(fault: Fault) -> bytes:
    if fault.body == "html":
        return PAGE % (fault.status, REASONS.get(fault.status, b"Error"))
    code = CODES.get(fault.status)
    error = (
        refusal(code, status=fault.status) if code else ApiError(fault.status, MESSAGES[20500], fault.status)
    )
    return encode(error.body())


def _spoil_page(fault: Fault, request: Request, body: bytes) -> bytes:
    """Change where a list goes on, or what it repeats; what is not a list stays as it is."""
    page: dict[str, Any] = decode(body) if body else {}
    links = page.get("meta", page)
    key = next((key for key in NEXT_KEYS if key in links), None)
    rows = next((value for value in page.values() if isinstance(value, list)), None)
    if key is None or rows is None:
        return body
    if fault.kind == "next-page-loop":
        links[key] = links[key.replace("next_page_", "")]
    elif fault.kind == "foreign-next-page":
        links[key] = fault.url
    elif fault.kind == "duplicate-row" and rows:
        rows.append(rows[-1])
    elif fault.kind == "duplicate-page" and links[key] and len(rows) > 1:
        # The next page starts after this page's first row instead of its last: all others come twice.
        links[key] = links[key].replace(_token(rows[-1]), _token(rows[0]))
    return encode(page)
