"""Every route of the sandbox, gathered from the modules that answer them."""

import re
from collections.abc import Sequence

from portal.sandbox import (
    accounts,
    addresses,
    applications,
    available,
    caller_ids,
    calls,
    catalog,
    messages,
    numbers,
    pricing,
)
from portal.sandbox.call import Handler, Route
from portal.sandbox.errors import not_found, refusal
from portal.sandbox.hosting import bulk, eligibility, orders
from portal.sandbox.hosting import documents as authorization_documents
from portal.sandbox.porting import documents as porting_documents
from portal.sandbox.porting import portability, requests, webhooks
from portal.sandbox.regulatory import bundles, copies, documents, end_users, evaluations, items, regulations
from portal.sandbox.wire import Request

ROUTES: tuple[Route, ...] = (
    *accounts.ROUTES,
    *addresses.ROUTES,
    *applications.ROUTES,
    *available.ROUTES,
    *caller_ids.ROUTES,
    *calls.ROUTES,
    *catalog.ROUTES,
    *messages.ROUTES,
    *numbers.ROUTES,
    *pricing.ROUTES,
    *bundles.ROUTES,
    *copies.ROUTES,
    *documents.ROUTES,
    *end_users.ROUTES,
    *evaluations.ROUTES,
    *items.ROUTES,
    *regulations.ROUTES,
    *authorization_documents.ROUTES,
    *bulk.ROUTES,
    *eligibility.ROUTES,
    *orders.ROUTES,
    *porting_documents.ROUTES,
    *portability.ROUTES,
    *requests.ROUTES,
    *webhooks.ROUTES,
)


class Router:
    """Finds the handler of a request; literal paths win over templates."""

    def __init__(self, routes: Sequence[Route]) -> None:
        table: dict[tuple[str, str], dict[str, Handler]] = {}
        for route in routes:
            table.setdefault((route.host, route.path), {})[route.method] = route.handler
        patterns = {(route.host, route.path): route.pattern() for route in routes}
        ordered = sorted(table, key=lambda key: key[1].count("{"))
        self._entries: list[tuple[str, re.Pattern[str], dict[str, Handler]]] = [
            (key[0], patterns[key], table[key]) for key in ordered
        ]

    def find(self, request: Request) -> tuple[Handler, dict[str, str]]:
        """The handler and the values in the path; 404 20404 and 405 20004 otherwise."""
        for host, pattern, handlers in self._entries:
            matched = pattern.fullmatch(request.path) if host == request.host else None
            if matched:
                handler = handlers.get(request.method)
                if handler is None:
                    raise refusal(20004)
                return handler, matched.groupdict()
        raise not_found(request.path)
