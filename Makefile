# The one runner of tasks: `make help` lists them. ARGS="..." adds arguments to a task.
# Root is needed for nothing but to install missing Debian packages.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PEERS := tests/lan/peers/node_modules/.package-lock.json
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DELETE_ON_ERROR:
.PHONY: help run setup fmt lint type layers check test unit lan lab scorecard bench clean packages

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.run ## start the daemon with the embedded defaults, making what it needs
	@$(BIN)/lanbridge serve $(ARGS)

setup: packages $(VENV)/.dev $(PEERS) ## make everything that development and tests need

fmt: $(VENV)/.dev ## format, and mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: $(VENV)/.dev ## linter and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(VENV)/.dev ## static types
	$(BIN)/mypy

layers: $(VENV)/.dev ## which way imports go
	$(BIN)/lint-imports

check: lint type layers ## everything that runs no test

# The whole suite runs in the laboratory: what a test sends cannot leave it.
test: check setup ## check, then every test; installs what is missing
	tools/lab $(BIN)/python -m pytest $(ARGS)

unit: $(VENV)/.dev ## the tests that need no laboratory
	$(BIN)/python -m pytest --ignore=tests/lan $(ARGS)

lan: setup ## the tests of the network laboratory
	tools/lab $(BIN)/python -m pytest tests/lan $(ARGS)

lab: setup ## a shell on a small LAN with real devices; CMD="..." runs a command there
	@tools/lab $(BIN)/python -m tests.lan.shell $${CMD:+"$$CMD"}

scorecard: setup ## the rules of mDNS, tried on lanbridge and on others: writes docs/scorecard.md
	tools/lab $(BIN)/python -m tests.scorecard $(ARGS)

bench: setup ## benchmarks, in the laboratory
	tools/lab $(BIN)/python -m benchmarks $(ARGS)

clean: ## remove everything that make made
	rm -rf $(VENV) tests/lan/peers/node_modules build dist .coverage htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find lanbridge tests -name __pycache__ -type d -prune -exec rm -rf {} +

packages:
	@tools/packages lan

$(BIN)/python:
	@PYTHON=$(PYTHON) tools/packages python
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "lanbridge needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml requirements-dev.lock | $(BIN)/python
	$(PIP_INSTALL) -c requirements-dev.lock -e .
	@touch $@

$(VENV)/.dev: pyproject.toml requirements-dev.lock | $(BIN)/python
	$(PIP_INSTALL) -r requirements-dev.lock -e .
	@touch $(VENV)/.run $@

$(PEERS): tests/lan/peers/package-lock.json | packages
	cd tests/lan/peers && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@
