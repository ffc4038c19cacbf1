"""What a port-in request must say (doc page 15): refused are 400, in porting's own shape but for a few codes.

All that is missing is named at once, `name: must not be null, …`, in the words of the page's one example; the
sentences that it does not show are inferred. What pages and specification disagree on (account number, PIN)
is not refused here: the review sends such numbers back with 22171.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.sandbox import elsewhere
from portal.sandbox.call import Call
from portal.sandbox.errors import refusal
from portal.sandbox.friendly import E164
from portal.sandbox.porting.dates import read_date, read_time
from portal.sandbox.porting.portability import family_member
from portal.sandbox.porting.resources import PortingDocument
from portal.sandbox.porting.webhooks import bad_request
from portal.sandbox.regulatory.resources import APPROVED, Bundle
from portal.sandbox.resources import Account, Address

MOST_NUMBERS = 1000
DAYS_AHEAD = {"US": 7, "JP": 10}
REQUIRED = (
    "customer_type",
    "customer_name",
    "account_telephone_number",
    "authorized_representative",
    "authorized_representative_email",
)
ADDRESS = ("street", "city", "state", "zip", "country")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Form:
    """The body of a create, checked; what is wrong with it is gathered in `problems`."""

    def __init__(self, call: Call, body: dict[str, Any]) -> None:
        self.call = call
        self.body = body
        self.problems: list[str] = []
        self.target: Account | None = None

    def check(self) -> None:
        """Raise ApiError for what cannot be filed."""
        self._check_account()
        self._check_losing_carrier()
        self._check_numbers()
        self._check_emails()
        self._check_window()
        if self.problems:
            raise bad_request(", ".join(self.problems))
        self._check_countries()
        self._check_documents()
        self._check_address_sid()
        self._check_bundle()

    @property
    def losing_carrier(self) -> dict[str, Any]:
        found = self.body.get("losing_carrier_information")
        return found if isinstance(found, dict) else {}

    @property
    def numbers(self) -> list[dict[str, Any]]:
        found = self.body.get("phone_numbers")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    @property
    def is_japanese(self) -> bool:
        return any(elsewhere.country_of(str(one.get("phone_number"))) == "JP" for one in self.numbers)

    def _check_account(self) -> None:
        """Another's account, or one without permission to port: 403 20403."""
        sid = self.body.get("account_sid")
        if not sid:
            self.problems.append("accountSid: must not be null")
            return
        self.target = family_member(self.call, str(sid))
        if self.target is None or self.target.status != "active":
            raise refusal(20403)

    def _check_losing_carrier(self) -> None:
        given = self.losing_carrier
        if not given:
            self.problems.append("losingCarrierInformation: must not be null")
            return
        for name in REQUIRED:
            if not str(given.get(name) or "").strip():
                self._say(name, "must not be blank")
        kind, email = given.get("customer_type"), given.get("authorized_representative_email")
        if kind and kind not in ("Business", "Individual"):
            self._say("customer_type", "must be one of Business, Individual")
        if email and not EMAIL.fullmatch(str(email)):
            self._say("authorized_representative_email", "must be a well-formed email address")
        telephone = given.get("account_telephone_number")
        if telephone and not E164.fullmatch(str(telephone)):
            self._say("account_telephone_number", "must be in E.164 format")
        address = given.get("address")
        if not isinstance(address, dict):
            if not given.get("address_sid"):
                self._say("address", "must not be null")
            return
        for name in ADDRESS:
            if not str(address.get(name) or "").strip():
                self._say(f"address.{name}", "must not be blank")

    def _check_numbers(self) -> None:
        if not 1 <= len(self.numbers) <= MOST_NUMBERS:
            self.problems.append(f"phoneNumbers: size must be between 1 and {MOST_NUMBERS}")
            return
        seen = set()
        for index, one in enumerate(self.numbers):
            number = str(one.get("phone_number") or "")
            if not elsewhere.is_number(number):
                self.problems.append(f"phoneNumbers[{index}].phoneNumber: must be in E.164 format")
            elif number in seen:
                self.problems.append(f"phoneNumbers[{index}].phoneNumber: must be unique")
            seen.add(number)

    def _check_emails(self) -> None:
        for index, email in enumerate(self.body.get("notification_emails") or []):
            if not EMAIL.fullmatch(str(email)):
                self.problems.append(f"notificationEmails[{index}]: must be a well-formed email address")

    def _check_window(self) -> None:
        """A date a week ahead, ten days in Japan; a window with offsets that does not end early."""
        body, window = self.body, {}
        for name in ("start", "end"):
            text = body.get(f"target_port_in_time_range_{name}")
            try:
                window[name] = read_time(text) if text else None
            except ValueError:
                self.problems.append(f"targetPortInTimeRange{name.title()}: must be an ISO offset time")
        start, end = window.get("start"), window.get("end")
        if start and end and start >= end:
            self.problems.append("targetPortInTimeRangeEnd: must be after targetPortInTimeRangeStart")
        text = body.get("target_port_in_date")
        if not text:
            return
        try:
            day = read_date(text)
        except ValueError:
            self.problems.append("targetPortInDate: must be an ISO local date")
            return
        least = DAYS_AHEAD["JP" if self.is_japanese else "US"]
        today = datetime.fromtimestamp(self.call.now, UTC).date()
        if day < today + timedelta(days=least):
            self.problems.append(f"targetPortInDate: must be at least {least} days in the future")

    def _check_countries(self) -> None:
        """22172 for several; in Japan a carrier service is needed, and no more is canceled than is ported."""
        countries = {elsewhere.country_of(str(one["phone_number"])) for one in self.numbers}
        if len(countries) > 1:
            raise refusal(22172)
        if not self.is_japanese:
            return
        if not self.body.get("portability_advance_carrier"):
            raise bad_request("portabilityAdvanceCarrier: must not be null")
        canceled = self.body.get("auto_cancel_approval_numbers")
        if canceled and not (str(canceled).isdigit() and int(canceled) <= len(self.numbers)):
            raise bad_request("autoCancelApprovalNumbers: must not exceed the number of phone numbers")

    def _check_documents(self) -> None:
        """At least one, all the account's or the caller's, one a utility bill that arrived."""
        sids = self.body.get("documents")
        found = [
            self.call.store.find(PortingDocument, str(sid))
            for sid in (sids if isinstance(sids, list) else [])
        ]
        owners = {self.call.account.sid, self.target.sid if self.target else ""}
        if (
            not found
            or any(one is None or one.account_sid not in owners for one in found)
            or not any(one and one.document_type == "utility_bill" and one.mime_type for one in found)
        ):
            raise bad_request("Invalid documents")

    def _check_address_sid(self) -> None:
        sid = self.losing_carrier.get("address_sid")
        owners = (self.call.account.sid, self.target.sid if self.target else "")
        if sid and not any(self.call.store.find(Address, str(sid), owner) for owner in owners):
            raise refusal(22173)

    def _check_bundle(self) -> None:
        sid = self.body.get("bundle_sid")
        bundle = self.call.store.find(Bundle, str(sid)) if sid else None
        if sid and (bundle is None or bundle.status != APPROVED):
            raise refusal(22170)

    def _say(self, name: str, problem: str) -> None:
        path = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
        self.problems.append(f"losingCarrierInformation.{path}: {problem}")
