"""Evaluations of a bundle (doc page 37): made on demand, and kept."""

from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.lists import list_resources
from portal.sandbox.regulatory.below import fetch_bundle
from portal.sandbox.regulatory.evaluation import evaluate
from portal.sandbox.regulatory.items import items_of
from portal.sandbox.regulatory.resources import PATH, Bundle, Evaluation, Regulation
from portal.sandbox.store import Store
from portal.sandbox.wire import Answer, created, ok

EVALUATIONS = PATH + "/Bundles/{BundleSid}/Evaluations"


def list_evaluations(call: Call) -> Answer:
    bundle = fetch_bundle(call)
    return list_resources(call, Evaluation, conditions=" AND parent = ?", parameters=(bundle.sid,))


def create_evaluation(call: Call) -> Answer:
    """Evaluate a bundle, in whatever status it is, against the regulation as it stands."""
    bundle = fetch_bundle(call)
    evaluation = evaluate_bundle(call.store, bundle, call.new_sid("EL"), call.moment)
    call.store.add(evaluation)
    return created(evaluation.shown())


def fetch_evaluation(call: Call) -> Answer:
    found = call.store.find(Evaluation, call.params["Sid"], call.account.sid)
    if found is None or found.bundle_sid != fetch_bundle(call).sid:
        raise call.absent()
    return ok(found.shown())


def evaluate_bundle(store: Store, bundle: Bundle, sid: str, moment: str) -> Evaluation:
    is_compliant, results = _evaluate(store, bundle)
    return Evaluation(
        sid=sid,
        account_sid=bundle.account_sid,
        bundle_sid=bundle.sid,
        regulation_sid=bundle.regulation_sid,
        status="compliant" if is_compliant else "noncompliant",
        results=results,
        date_created=moment,
        date_updated=moment,
    )


def is_compliant(store: Store, bundle: Bundle) -> bool:
    return _evaluate(store, bundle)[0]


def _evaluate(store: Store, bundle: Bundle) -> tuple[bool, list[dict[str, object]]]:
    regulation = store.find(Regulation, bundle.regulation_sid)
    assert regulation is not None, "regulations are retired, never deleted"
    return evaluate(regulation.requirements, regulation.iso_country, items_of(store, bundle))


ROUTES = (
    Route("GET", NUMBERS, EVALUATIONS, list_evaluations),
    Route("POST", NUMBERS, EVALUATIONS, create_evaluation),
    Route("GET", NUMBERS, EVALUATIONS + "/{Sid}", fetch_evaluation),
)
