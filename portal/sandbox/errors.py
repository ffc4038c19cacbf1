"""Refusals in Twilio's words: the error dictionary as far as the sandbox speaks it."""

from dataclasses import dataclass

MESSAGES = {
    20001: "Unknown parameters",
    20002: "Invalid FriendlyName",
    20003: "Authenticate",
    20004: "Method not allowed",
    20005: "Account not active",
    20006: "Access Denied",
    20007: "Page size too large",
    20403: "Account lacks permission to access the API (possibly suspended or closed)",
    20409: "Conflict",
    20413: "Request Entity Too Large",
    20422: "Invalid Parameter",
    20423: "Invalid SID",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    20503: "Service is unavailable, please try again",
    21401: "Invalid Phone Number",
    21402: "Invalid Url",
    21403: "Invalid Method",
    21404: "Inbound Phone number not available to trial account",
    21405: "Cannot set VoiceFallbackUrl without setting Url",
    21406: "Cannot set SmsFallbackUrl without setting SmsUrl",
    21407: "This Phone Number type does not support SMS",
    21409: "VoiceCallerIdLookup cannot be set for this phone number",
    21420: "ApplicationSid is not accessible",
    21421: "Phone Number is invalid",
    21422: "PhoneNumber is not available",
    21449: "Number already can be used for outgoing calls and messages",
    21450: "Phone number already validated on your account",
    21451: "Invalid area code",
    21452: "No phone numbers found in area code",
    21454: "Invalid CallDelay",
    21456: "Invalid CallbackUrl",
    21457: "AreaCode Parameter not Supported",
    21458: "PhoneNumber Provisioning Type Mismatch",
    21470: "Invalid AccountSid",
    21471: "Account does not exist",
    21472: "Account is not active",
    21473: "AccountSid you are transferring to is not related to the originating owner of the phone number",
    21474: "API User must be the parent account to transfer phone numbers.",
    21475: "Unable to update Status, invalid Status.",
    21476: "Unable to update Status for subaccount, parent account is suspended.",
    21477: "Unable to update Status for parent accounts",
    21478: "Unable to update Status for subaccount, subaccount has been suspended by Twilio",
    21479: "Unable to update Status for subaccount, subaccount has been closed.",
    21481: "Invalid PageToken",
    21613: "Address does not belong to Account",
    21615: "Phone Number Requires a Local Address",
    21628: "Address Validation Error",
    21629: "Address Validation Error - Check Suggested Address",
    21630: "Cannot mutate Address that is linked to a verified Document.",
    21631: "Phone Number Requires an Address but the 'AddressSid' parameter was empty",
    21644: "End-User cannot be deleted due to an active assignment to a Bundle",
    21645: "Supporting Document cannot be deleted due to active Regulatory Bundle assignment",
    21646: "Supporting Document is not eligible for deletion",
    21647: "Regulatory Bundle is not eligible for deletion",
    21648: "Regulatory Bundle cannot be deleted due to active number assignment",
    21649: "Phone Number Requires a Bundle",
    21651: "Document does not satisfy regulatory requirement",
    22100: "Reached Maximum Verification Attempts",
    22101: "Invalid Hosted Number Order SIDs",
    22102: "Invalid Phone Number",
    22103: "Unsupported Iso Country",
    22104: "Invalid Email Format",
    22105: "Invalid URL format",
    22106: "Invalid Method",
    22107: "Unable to Update Authorization Document",
    22108: "Invalid Application SID",
    22109: "Invalid Address SID",
    22110: "Phone Number Not Hostable",
    22111: "Invalid Hosted Number Order Status",
    22112: "Unable to Update Hosted Number Order Status",
    22113: "Phone Verification Incorrect",
    22114: "Unable to Verify Code",
    22115: "Invalid Unique Name",
    22116: "Invalid Friendly Name",
    22117: "Invalid Extension",
    22118: "Invalid Verification Document SID",
    22119: "Invalid Capabilities",
    22120: "Invalid Verification Type",
    22121: "Unable to Transfer Hosted Number",
    22122: "Invalid Authorization Document Status",
    22123: "Unable to Initiate Verification Call",
    22124: "Phone number(s) are required",
    22125: "Phone number(s) cannot exceed the maximum limit allowed",
    22127: "Friendly Name is required",
    22170: "Port In Error - Invalid Bundle",
    22172: "Port In Error - Contains numbers for multiple countries",
    22173: "Port In Error - Invalid Address (Address SID)",
    22200: "Invalid End-User Type or Number Type",
    22201: "No regulation sid found for the given number group",
    22202: "No regulation sid or phone number country and type was provided",
    22203: "Unable to parse bundle status",
    22204: "Bundle status and properties cannot be updated in the same request",
    22205: "Attempting to assign invalid object_sid to Bundle",
    22206: "Attempting to add invalid object type to bundle",
    22207: "Unable to parse attributes JSON",
    22208: "Supporting Document status and attributes cannot be updated in the same request",
    22209: "Invalid status enum in Supporting Document update request",
    22210: "Cannot create a Supporting Document with no Type",
    22211: "Cannot create a Supporting Document with no FriendlyName",
    22212: "Invalid End-User Type in request",
    22213: "Invalid Number Type in request",
    22222: "Emergency Status cannot be updated",
    22223: "Regulatory Bundle is not eligible to be Copied",
    22224: "Regulatory Bundle cannot transfer Item Assignments",
    22225: "From Bundle to Replace Items does not exist",
    22226: "Cannot replace Items from Bundle to same Bundle",
    22228: "From Bundle does not have latest Regulation requirements that matches destination Bundle",
    22229: "Supporting Document Bundle Assignment cannot be removed",
    22230: "Regulatory Bundle cannot be copied due to a deleted Address",
    22300: "This account is restricted from provisioning new long code phone numbers",
    22350: "The Phone Number cannot be released because it is being ported out of Twilio",
    70002: "Document type not found",
}

STATUSES = {20003: 401, 20004: 405, 20005: 403, 20006: 403, 20403: 403, 20409: 409, 20413: 413, 22300: 403}


@dataclass
class ApiError(Exception):
    """An answer that refuses: Twilio's code and words, and the HTTP status they come with.

    The dictionary gives no status for most codes; 400 is then inferred.
    """

    code: int
    message: str
    status: int

    def body(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def refusal(code: int, message: str | None = None, status: int | None = None) -> ApiError:
    return ApiError(code, message or MESSAGES[code], status or STATUSES.get(code, 400))


def not_found(path: str) -> ApiError:
    return ApiError(20404, f"The requested resource {path} was not found", 404)
