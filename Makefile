# The two commands of a newcomer are `make run` and `make test`. `make help` lists all.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-emit-find-links --no-header

.PHONY: help install run test check trials test-cluster services lock format wheel clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

install: $(VENV)/.installed ## make .venv with kb in it

run: install ## serve the sample articles at http://127.0.0.1:8000
	@exec $(BIN)/kb demo

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

clean: ## remove what the targets above have made
	rm -rf $(VENV) .kb build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml hatch_build.py $(wildcard index/postings/c/*) | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
