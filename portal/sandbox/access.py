"""Products that an account may have been let into or not. Outside of a preview nobody asks for one."""

from typing import Literal

from portal.sandbox.call import Call
from portal.sandbox.errors import refusal

Product = Literal["catalog", "porting", "hosting", "hosting_preview"]


def has(call: Call, product: Product, account: str | None = None) -> bool:
    sid = account or call.account.sid
    found = call.store.value(f"SELECT {product} FROM credential WHERE account = ?", (sid,))  # noqa: S608
    return bool(found)


def check_access(call: Call, product: Product) -> None:
    """Porting without permission is 403 20403 (doc page 15); of other products nothing is to be found."""
    if not has(call, product):
        raise refusal(20403) if product == "porting" else call.absent()
