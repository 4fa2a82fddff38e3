# make help        lists what there is
# make run         everything a newcomer needs; nothing but Python, git and make has to be on the machine

SHELL := bash
.SHELLFLAGS := -o pipefail -c

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do $$each -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$each && break; done)
BROWSER ?= 1
PORT ?= 8000
ARGS ?=
HERE = PORTAL_BASE_URL=$${PORTAL_BASE_URL:-http://localhost:$(PORT)}

VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
BUILD_INPUTS := pyproject.toml hatch_build.py package-lock.json $(wildcard portal/assets/*) $(wildcard translations/*/LC_MESSAGES/*.po)
TOOLS := $(wildcard tests/tools/*)

# With uv seconds, without it about a minute; both only accept what the lock's hashes name, and a dot a second is shown.
ifeq ($(UV),)
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
AGAIN = --force-reinstall
else
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
AGAIN = --reinstall-package portal
endif
DOTS = while sleep 1; do printf .; done & dots=$$!; trap 'kill $$dots; echo' EXIT;

.DEFAULT_GOAL := help
.PHONY: help setup run test sure lint format assets translations lock clean
.DELETE_ON_ERROR:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/portal.stamp ## Set everything up in .venv (its portal command is the product's)
	@echo "Ready: $(BIN)/portal"

run: setup ## Set up, load the demonstration and serve it on http://localhost:8000 (PORT=...)
	@$(HERE) $(BIN)/portal init --demo
	@$(HERE) $(BIN)/portal serve --port $(PORT)

test: $(VENV)/dev.stamp .cache/tools-$(BROWSER).stamp ## Set up and run all tests (BROWSER=0 without a browser, ARGS=... for pytest)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(if $(filter 0,$(BROWSER)),-m "not browser") $(ARGS)

sure: lint test ## What has to be right before a change is shared: style, types, arrows, tests

lint: $(VENV)/dev.stamp ## Style, types and the direction of imports
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/dev.stamp ## Put the code into its one layout
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet

assets: $(VENV)/runtime.stamp ## Build the style sheets, scripts and catalogues again
	@rm -rf portal/static/vendor $(VENV)/portal.stamp
	@$(MAKE) --no-print-directory $(VENV)/portal.stamp

translations: $(VENV)/portal.stamp ## Collect the texts of the code and update every catalogue
	@$(BIN)/pybabel -q extract -F pyproject.toml -k N_ -k Invalid -k Conflict --omit-header --sort-by-file --add-location=file -o translations/messages.pot .
	@$(BIN)/pybabel -q update -i translations/messages.pot -d translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@$(BIN)/pybabel -q compile -d translations

lock: $(VENV)/dev.stamp ## Choose the newest dependencies that agree and lock them with their hashes
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --upgrade -q pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --upgrade -q pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock

clean: ## Remove what was built and fetched; data stays
	@rm -rf $(VENV) .cache node_modules portal/static/vendor .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find translations -name '*.mo' -delete 2>/dev/null || true

$(VENV)/python.stamp:
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null || { echo "Python 3.11 or newer is needed and none was found: install it, or name it: make setup PYTHON=/path/to/python3"; exit 1; }
	@echo "1/3 making the environment in $(VENV)"
ifeq ($(UV),)
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is not complete: install the package python3-venv, or uv."; rm -rf $(VENV); exit 1; }
else
	@$(UV) venv --quiet --allow-existing --seed --python "$$(command -v $(PYTHON))" $(VENV)
endif
	@touch $@

$(VENV)/runtime.stamp: requirements.lock $(VENV)/python.stamp
	@echo "2/3 installing the packages of requirements.lock (up to a minute)"
	@$(DOTS) $(INSTALL) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/portal.stamp: $(BUILD_INPUTS) $(VENV)/runtime.stamp
	@echo "3/3 installing the portal and building its style sheets (up to half a minute; longer where it has to fetch Node)"
	@$(DOTS) $(INSTALL) --no-deps $(AGAIN) --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/portal.stamp
	@echo "    installing what the tests need (requirements-dev.lock, up to two minutes)"
	@$(DOTS) $(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

.cache/tools-$(BROWSER).stamp: $(TOOLS) $(VENV)/dev.stamp
	@echo "    looking for a browser and the checkers"
	@mkdir -p .cache
	@$(BIN)/python -m tests.tools.fetch $(if $(filter 0,$(BROWSER)),--no-browser)
	@touch $@
