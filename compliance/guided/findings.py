"""What an evaluation found wrong, in a sentence that says what to do (codes 22214 to 22219, page 37)."""

from compliance.evaluations import Fault
from compliance.requirements import in_sentence


def sentence_of(fault: Fault) -> str:
    """Our sentence for a known code, Twilio's own words for any other."""
    label, paper = in_sentence(fault.label), fault.object_name
    match fault.code:
        case 22214:
            return "Add the end user"
        case 22215:
            return f"Check the {label} of the end user: it is missing, or not as the regulation asks for"
        case 22216:
            return f"Add a document for “{fault.requirement}”"
        case 22217 if fault.field:
            return f"Check the {label} of “{paper}”: it is missing, or not what the document or end user says"
        case 22218:
            return f"Make the {label} of “{paper}” exactly the same as for the end user"
        case 22219:
            return f"Check the address of “{paper}”: it is missing, or not as the regulation asks for"
        case _:
            return fault.reason
