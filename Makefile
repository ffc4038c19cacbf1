# Every target installs what it needs into .venv first. Nothing but Python 3.11 (with venv) has to be there.

PYTHON ?= python3
ARGS ?=
UV := 0.13.9

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Without bytecode every process compiles Django anew, and everything takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

# An environment as in production, with services that do not exist: none of the checks asks for one.
PRODUCTION = env -i PATH="$$PATH" HOME="$$HOME" \
	PUBLIC_URL=https://numbers.example.com \
	ALLOWED_HOSTS=numbers.example.com \
	DATABASE_URL='postgresql://numberdesk@/numberdesk?host=/nonexistent' \
	BROKER_URL=redis://127.0.0.1:1/0 \
	CACHE_URL=redis://127.0.0.1:1/1 \
	CLAMD_URL=unix:///nonexistent/clamd.ctl \
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	DIGEST_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(32))')" \
	FIELD_ENCRYPTION_KEYS="$$($(BIN)/python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())')"

.DEFAULT_GOAL := help
.PHONY: help run test check bench requirements clean \
	check-lint check-format check-types check-templates check-imports check-migrations check-deploy check-pins

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) ## Serve Numberdesk with a private Postgres and Valkey until Ctrl-C (PORT, SANDBOX_PORT, DATA_DIR)
	@exec $(BIN)/python -m portal.local run

test: $(READY) ## Run the tests; ARGS="-k bundle -x" goes to pytest
	@$(BIN)/python -m pytest $(ARGS)

check: check-lint check-format check-pins check-templates check-imports check-types check-migrations check-deploy ## Run all checks that are not tests; each is a target of its own
	@echo "All checks passed."

bench: $(READY) ## Measure against a floor of the same run; ARGS goes to tests.bench
	@$(BIN)/python -m tests.bench $(ARGS)

requirements: $(READY) ## Pin the requirements of pyproject.toml anew; ARGS=--upgrade takes newer versions
	@for file in "requirements.txt" "requirements-dev.txt --group dev"; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-annotate --no-header --no-emit-index-url $(ARGS) pyproject.toml -o $$file || exit 1; \
	done

clean: ## Remove caches and the data of the tests; keeps .venv and the data of `make run`
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-results staticfiles
	rm -rf .data/test .data/test-*
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

check-lint: $(READY)
	@echo "== lint (ruff)"
	@$(BIN)/ruff check .

check-format: $(READY)
	@echo "== format (ruff)"
	@$(BIN)/ruff format --check .

check-pins: $(READY)
	@echo "== no URLs among the pinned requirements"
	@! grep -nE '[a-z]+://' $(wildcard requirements*.txt *.lock pylock*.toml package-lock.json) /dev/null

check-templates: $(READY)
	@echo "== templates (djlint)"
	@$(BIN)/djlint --lint --quiet templates

check-imports: $(READY)
	@echo "== imports between the areas (import-linter)"
	@$(BIN)/lint-imports --no-cache

check-types: $(READY)
	@echo "== types (mypy)"
	@$(PRODUCTION) $(BIN)/mypy .

check-migrations: $(READY)
	@echo "== migrations match the models"
	@$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

check-deploy: $(READY)
	@echo "== settings are fit for production"
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

# uv installs in seconds what takes pip a minute; where it is not to be had, pip does.
$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Numberdesk needs Python 3.11 or newer, and $(PYTHON) is not. Name another: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu install the package python3-venv." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing into $(VENV)"
	@{ $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV) && \
		$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode $<; } || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
