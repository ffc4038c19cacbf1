"""The house's rules that a machine can check: who imports whom, and what exists must fit together."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from importlinter.cli import lint_imports

import compliance.resources
import inventory.sync
import porting.resources
from portal.celery import app
from portal.mirror.resource import Resource
from portal.models import Mirrored

ROOT = Path(__file__).resolve().parents[1]
AREAS = ("inventory", "compliance", "porting")
PACKAGES = ("portal", *AREAS)
SOURCES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts
)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """What a module imports, wherever in it: `a.b` for `import a.b`, `a.b.c` for `from a.b import c`."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def of_the_project(names: Iterator[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in PACKAGES}


def modules(name: str) -> list[Path]:
    """The modules of this name in every area."""
    return sorted(path for area in AREAS for path in (ROOT / area).rglob(f"{name}.py"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_keep_the_contracts(capsys):
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert code == 0, capsys.readouterr().out


def test_the_sandbox_knows_nothing_of_the_portal_but_its_settings():
    """It must be wrong about Twilio on its own, not together with us."""
    allowed = {"django.conf", "msgspec", "phonenumbers", "portal.sandbox", "requests"}
    for path in (ROOT / "portal" / "sandbox").rglob("*.py"):
        for name in imports(path):
            is_known = name.split(".")[0] in sys.stdlib_module_names or any(
                name == module or name.startswith(f"{module}.") for module in allowed
            )
            assert is_known, f"{relative(path)} imports {name}"


def test_the_local_installation_can_be_read_before_the_settings():
    """Settings import it; so it imports nothing that needs them."""
    for path in (ROOT / "portal" / "local").rglob("*.py"):
        for name in imports(path):
            assert not name.startswith(("django", "celery")), f"{relative(path)} imports {name}"
            assert not (name.startswith("portal.") and not name.startswith("portal.local")), relative(path)


@pytest.mark.parametrize("path", modules("gateway"), ids=relative)
def test_a_gateway_knows_the_door_to_twilio_and_nothing_else(path):
    for name in of_the_project(imports(path)):
        assert name.startswith("portal.twilio."), name
    assert not [name for name in imports(path) if name.startswith("django.db")]


@pytest.mark.parametrize("path", modules("gateway"), ids=relative)
def test_a_gateway_says_of_every_write_that_it_is_one(path):
    """Who forgets it lets a write be sent twice, and a lost answer be taken for nothing."""
    for function in parsed(path).body:
        if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
            continue
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        writes = {
            call.func.attr
            for call in calls
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("create", "update", "delete")
        }
        says_so = any(
            isinstance(call.func, ast.Name)
            and call.func.id == "remote_call"
            and any(
                keyword.arg == "writes" and getattr(keyword.value, "value", None) is True
                for keyword in call.keywords
            )
            for call in calls
        ) or any(
            ast.unparse(call.func) == "uploads.upload"
            or (ast.unparse(call.func) == "send" and ast.literal_eval(call.args[2]) != "GET")
            for call in calls
        )
        reads_by_name = function.name.startswith(("iter_", "fetch_"))
        assert says_so == (not reads_by_name), f"{function.name} must say writes=True, or be named fetch_"
        assert not (writes and not says_so), f"{function.name} writes ({writes}) without saying so"


@pytest.mark.parametrize("package", PACKAGES)
def test_views_know_no_transaction_and_no_twilio(package):
    for path in (ROOT / package).rglob("views*.py"):
        for name in imports(path):
            assert not name.startswith("twilio"), f"{relative(path)} imports {name}"
            assert name != "django.db.transaction", f"{relative(path)}: a transaction belongs to an action"


def test_only_the_door_imports_the_sdk():
    for path in SOURCES:
        name = relative(path)
        if not name.startswith(("portal/twilio/", "portal/sandbox/")):
            assert not [found for found in imports(path) if re.match(r"twilio(\.|$)", found)], name


def test_nothing_is_imported_by_star_and_nothing_is_wired_by_signals():
    for path in SOURCES:
        names = list(imports(path))
        assert not [name for name in names if name.endswith(".*")], relative(path)
        ours = ("django.db.models.signals", "django.dispatch.receiver")
        assert not [name for name in names if name.startswith(ours)], relative(path)


def test_no_request_is_a_transaction():
    assert settings.DATABASES["default"]["ATOMIC_REQUESTS"] is False


def test_whatever_beat_sends_there_is_a_task_for():
    app.loader.import_default_modules()

    sent = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert sent <= set(app.tasks)
    assert {f"sync_{resource}" for resource in settings.SYNC_INTERVALS} <= set(app.tasks)
    assert set(settings.STALE_AFTER) == set(settings.SYNC_INTERVALS)


@pytest.mark.parametrize("path", modules("tasks"), ids=relative)
def test_a_task_repeats_the_name_of_its_function(path):
    for function in parsed(path).body:
        if isinstance(function, ast.FunctionDef):
            [decorator] = function.decorator_list
            assert isinstance(decorator, ast.Call)
            [name] = [keyword.value for keyword in decorator.keywords if keyword.arg == "name"]
            assert ast.literal_eval(name) == function.name


def test_a_task_outlives_neither_its_limit_nor_the_broker_s_patience():
    """A task that runs longer than the visibility timeout is started a second time beside the first."""
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.task_soft_time_limit < conf.task_time_limit
    assert conf.task_time_limit < conf.broker_transport_options["visibility_timeout"]


@pytest.mark.parametrize(
    "model", [model for model in apps.get_models() if issubclass(model, Mirrored)], ids=lambda m: m.__name__
)
def test_a_mirrored_table_needs_nothing_that_the_mirror_does_not_write(model):
    """Ours are written elsewhere, so they must have a default in the database, or be allowed to be empty."""
    resource = next(
        found
        for module in (inventory.sync, compliance.resources, porting.resources)
        for found in vars(module).values()
        if isinstance(found, Resource) and found.model is model
    )
    written = {"sid", "payload", "payload_hash", "synced_at", "missing_since", *resource.fields}
    if resource.facets:
        written.add("facet_id")
    for field in model._meta.concrete_fields:
        has_value = field.null or field.has_db_default() or field.attname in written
        assert has_value, f"{field.name} of a new row would have no value"
    for name in ("account", "address"):  # a number may cite what is not mirrored yet
        field = model._meta._forward_fields_map.get(name)
        assert field is None or not field.db_constraint
