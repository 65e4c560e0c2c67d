# Everything a person needs to run, test and measure the school. `make` alone prints this help.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
  $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast faults lint bench docs openapi lock outdated

help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv: requirements-uv.txt
	@test -n "$(PYTHON)" || { echo "Lectern needs Python 3.11 or newer with venv (Debian: python3-venv); set PYTHON=/path/to/it."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "This Python has no venv module: install it (Debian: python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

$(VENV)/.runtime: $(BIN)/uv requirements.txt
	@echo "Installing the school's packages."
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@echo "Installing the tools for tests."
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.runtime ## make the environment and install the pinned packages

run: $(VENV)/.runtime ## open the school on PORT (default 8000)
	@exec $(BIN)/python manage.py serve

test: $(VENV)/.dev ## run every test: SQLite, PostgreSQL, browser
	@$(BIN)/python -m tests.everything

test-fast: $(VENV)/.dev ## run the tests on SQLite, without a browser
	@$(BIN)/python -m tests.everything --fast

faults: $(VENV)/.dev ## kill, race and double everything about money and progress (DB=sqlite|postgres, PROMISE=R4, SCALE=short)
	@$(BIN)/python -m tests.faults --db $(or $(DB),sqlite) --scale $(or $(SCALE),full) --promise "$(PROMISE)"

lint: $(VENV)/.dev ## check style, templates, import contracts, migrations, deployment settings
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q .
	@$(BIN)/djlint --quiet --lint templates
	@$(BIN)/python -m pytest -q tests/contracts
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@SITE_URL=https://school.example $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.dev ## measure the main pages against an empty Django view
	@$(BIN)/python -m benchmarks.bench

docs: $(VENV)/.dev ## check the docs and build them to var/docs
	@$(BIN)/python -m docs.build

openapi: $(VENV)/.dev ## write docs/reference/openapi.yaml anew
	@$(BIN)/python manage.py spectacular --file docs/reference/openapi.yaml

lock: $(VENV)/.dev ## pin requirements*.in with hashes
	@for name in requirements requirements-dev requirements-uv; do \
	  $(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 $$name.in -o $$name.txt || exit 1; done

outdated: $(VENV)/.dev ## list packages that have newer releases
	@$(BIN)/uv pip list --python $(BIN)/python --outdated
