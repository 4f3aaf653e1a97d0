# The two commands of a newcomer are `make run` and `make test`. `make help` lists all.

PYTHON ?= python3
PORT   := 8000
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -qq
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-emit-find-links --no-header
# As hatch_build.py decides.
COMPILER    = $(filter-out default,$(origin CC))$(shell command -v cc || command -v gcc || command -v clang)
DOWNLOADING = $(if $(COMPILER),, (this machine has no C compiler: downloading one, 100 MB))

.PHONY: help install run test check trials test-cluster services lock format wheel check-wheel clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

install: $(VENV)/.installed ## make .venv with kb in it

# Job control gives the terminal to the server alone: Ctrl-C ends it, and make ends well.
run: install ## serve the sample articles at http://127.0.0.1:8000; PORT=8080 chooses another port
	@if [ -t 0 ]; then set -m; fi; $(BIN)/kb demo --port $(PORT)

test: $(VENV)/.dev services ## run the tests
	$(BIN)/pytest -n 2

check: $(VENV)/.dev services ## all that a reviewer runs: format, lint, types, layers, tests, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

trials: $(VENV)/.dev services ## the long trials: crashes and damage, minutes
	$(BIN)/pytest -m slow

test-cluster: $(VENV)/.dev services ## the tests of a database that several machines share
	$(BIN)/pytest -m postgres

services: ## install Chromium and PostgreSQL for the tests, where that is allowed
	@sh tests/services.sh

lock: $(VENV)/.dev ## pin the newest versions that pyproject.toml allows
	$(LOCK) --upgrade --extra build --extra mcp pyproject.toml -o requirements.lock
	$(LOCK) --upgrade --extra build --extra mcp --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

format: $(VENV)/.dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: $(VENV)/.dev ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

check-wheel: $(VENV)/.dev ## install the wheel with the newest dependencies, and use it
	@sh tests/wheel.sh $(BIN)/python

clean: ## remove what the targets above have made
	rm -rf $(VENV) .kb build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml hatch_build.py $(wildcard index/postings/c/*) | $(BIN)/python
	@echo "Installing $$(grep -c == requirements.lock) packages"
	@$(PIP) install --require-hashes -r requirements.lock
	@echo "Compiling the search kernel$(DOWNLOADING)"
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing $$(grep -c == requirements-dev.lock) packages for development"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
