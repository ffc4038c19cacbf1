"""Why Twilio's reviewers reject a bundle (codes 18001 to 18099), and what to do about each. Data.

`where` says what has to be put right: another file, values of the document, the address, the end user, the
choice of another document, the contact e-mail, or nothing at all. A code that is not known here is shown in
Twilio's words.
"""

# ruff: noqa: E501 (a table)

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Where = Literal["file", "values", "address", "end_user", "document", "contact", "nothing", "unknown"]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A reason in Twilio's title and our words, the fix, and what that is about.

    `fields` are tried in order to link to one.
    """

    title: str
    words: str
    fix: str
    where: Where
    fields: tuple[str, ...] = ()

    @property
    def needs_file(self) -> bool:
        """Whether the document cannot stay as it is: another file, or another document, has to come."""
        return self.where in ("file", "document")


_NAMES = ("business_name", "first_name", "last_name")
REJECTIONS: Mapping[int, Rejection] = {
    18001: Rejection("Invalid document submission", "Twilio did not accept this document.", "Send another one that the regulation accepts.", "document"),
    18002: Rejection("Illegible or blurry document submission", "The document cannot be read.", "Upload a sharp scan or photo of all of it.", "file"),
    18003: Rejection("Expired or invalid document submission", "The document has expired, or is not a proof.", "Upload one that is valid today.", "file", ("expiration_date", "issue_date")),
    18004: Rejection("Redactions in document", "Parts of the document are blacked out.", "Upload it without anything covered.", "file"),
    18005: Rejection("Missing information", "Something is missing from the document.", "Upload all of its pages, and check what is entered below.", "file"),
    18006: Rejection("Information does not match the supporting document", "What is entered is not what the document says.", "Enter it exactly as the document has it.", "values"),
    18007: Rejection("Incomplete document submission (front and back of the ID)", "One side of the ID is missing.", "Upload front and back in one file.", "file"),
    18008: Rejection("Name mismatch (Proof of Identity)", "The name is not the one on the proof of identity.", "Enter the name exactly as the ID has it, or upload the ID of the person named.", "values", ("first_name", "last_name")),
    18009: Rejection("Nationality mismatch (Proof of Identity)", "The nationality is not the one on the proof of identity.", "Choose the nationality that the ID states.", "end_user", ("nationality",)),
    18010: Rejection("Business registration number mismatch", "The business registration number is not the one on the document.", "Enter it exactly as the document has it.", "values", ("document_number", "business_registration_number")),
    18011: Rejection("Business name mismatch", "The business name is not the one on the document.", "Enter it exactly as the document has it, legal form included.", "values", ("business_name",)),
    18012: Rejection("Require domestic address", "The address is not in the country of the number.", "Choose an address in that country.", "address", ("address_sids",)),
    18013: Rejection("Require domestic emergency address", "The emergency address is not in the country of the number.", "Choose an emergency address in that country.", "address", ("address_sids",)),
    18014: Rejection("Invalid or incomplete address provided", "The address is incomplete, or not one that exists.", "Choose another address, or enter it in full.", "address", ("address_sids",)),
    18015: Rejection("Invalid or incomplete emergency address provided", "The emergency address is incomplete, or not one that exists.", "Choose another one, or enter it in full.", "address", ("address_sids",)),
    18016: Rejection("Address mismatch", "The address is not the one on the document.", "Choose the address that the document shows.", "address", ("address_sids",)),
    18017: Rejection("Address not found", "Twilio could not find the address.", "Check street and postal code, and enter it anew.", "address", ("address_sids",)),
    18018: Rejection("PO Box not allowed", "A post office box is not accepted.", "Choose the place itself, where somebody works or lives.", "address", ("address_sids",)),
    18019: Rejection("Proof of Identity Required for Authorized Representative", "A proof of identity of the authorized representative is missing.", "Upload the ID of the person named as representative.", "file"),
    18020: Rejection("Proof of authorized representative's association with the business required", "Nothing shows that the representative belongs to the business.", "Upload a document that names both.", "document"),
    18021: Rejection("Name mismatch (Proof of Address)", "The name is not the one on the proof of address.", "Enter the name exactly as the document has it, or upload one in this name.", "values", _NAMES),
    18022: Rejection("Outdated Proof of Address document", "The proof of address is too old.", "Upload one that was issued within the last three months.", "file", ("issue_date",)),
    18023: Rejection("Document contains an inactive business", "The document shows a business that is not active.", "Upload a document of the business as it is registered now.", "file"),
    18024: Rejection("Failed to upload an unprocessable document", "The file could not be opened.", "Save it again as PDF, JPG or PNG and upload that.", "file"),
    18036: Rejection("One or more of the required information is missing", "Required information is missing.", "Fill in what is missing below.", "values"),
    18037: Rejection("Missing information in the form", "The form is not complete.", "Fill in what is missing below.", "values"),
    18038: Rejection("Information does not match the supporting document", "What is entered is not what the document says.", "Enter it exactly as the document has it.", "values"),
    18039: Rejection("The phone number type you selected requires a valid domestic address", "This type of number needs an address in its own country.", "Choose an address in that country.", "address", ("address_sids",)),
    18050: Rejection("Issue with the Supporting Document(s)", "There is an issue with the document.", "Check the file and what is entered; upload a better one if in doubt.", "file"),
    18051: Rejection("Issue with the inputs you provided", "There is an issue with what was entered.", "Check every value against the documents.", "end_user"),
    18052: Rejection("Under age Individual", "The person is under age.", "Name an end user who is of age.", "end_user", ("birth_date",)),
    18055: Rejection("Invalid email", "The e-mail address is not one that works.", "Enter one that somebody reads.", "contact", ("email",)),
    18057: Rejection("Validation Issue for Authorized Representative", "The authorized representative could not be confirmed.", "Check the name, and upload a proof that names the representative.", "file", ("first_name", "last_name")),
    18058: Rejection("Missing Tax ID", "The tax ID is missing.", "Enter the tax ID of the end user.", "end_user", ("tax_id", "vat")),
    18059: Rejection("Missing/Invalid Photo ID", "A photo ID is missing or not accepted.", "Upload an ID with a photo, front and back.", "file"),
    18060: Rejection("Commercial registration copy not submitted", "The copy of the commercial registration is missing.", "Upload it.", "file"),
    18061: Rejection("Invalid excerpt from the commercial register", "The excerpt from the commercial register is not accepted.", "Upload a current, official excerpt.", "file"),
    18062: Rejection("Business Details contain an inactive business", "The business is not active.", "Check the business name and number against its register.", "end_user", ("business_registration_number", "business_name")),
    18099: Rejection("Rejected test bundle (IsTest=true)", "This is a test bundle, and Twilio rejects all of those.", "Nothing has to be fixed: the test is over. Make a bundle that is no test.", "nothing"),
}  # fmt: skip


def explain(code: int | str | None, told: str = "") -> Rejection:
    """The reason behind a code; Twilio's words, and where to look, for one that is not known."""
    try:
        number = int(code or 0)
    except ValueError:
        number = 0
    words = told.strip() or "Twilio gave no reason."
    fix = "Compare what was sent with the document, and ask Twilio Support if the reason is not clear."
    return REJECTIONS.get(number) or Rejection("", words, fix, "unknown")


def explain_all(codes: Iterable[str], told: str = "") -> tuple[Rejection, ...]:
    """The reasons that a rejected document names, at least one."""
    return tuple(explain(code, told) for code in codes) or (explain(None, told),)


def code_of_words(told: str) -> int | None:
    """The code whose words in Twilio's dictionary these are: callbacks bring words alone."""
    folded = told.strip().rstrip(".").casefold()
    return next((code for code, one in REJECTIONS.items() if one.title.casefold() == folded), None)
