# Start with `make run` or `make test`. `make help` lists all targets.

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

help: ## List the targets
	@awk -F ':.*## |##@ ' 'BEGIN {print "Usage: make TARGET\n"} /^##@ /{printf "\n%s\n", $$2} /^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run

install: $(VENV)/.installed ## Create .venv with the kb command in it

# Job control makes the server the only receiver of Ctrl-C, so that make ends without an error.
run: install ## Serve the sample articles at http://127.0.0.1:8000 (PORT=8080 for another port)
	@if [ -t 0 ]; then set -m; fi; $(BIN)/kb demo --port $(PORT)

##@ Test

test: $(VENV)/.dev services ## Run the tests
	$(BIN)/pytest -n 2

check: $(VENV)/.dev services ## Check formatting, lint, types and layers, and run the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

trials: $(VENV)/.dev services ## Run the slow tests: crashes, damaged files, generated requests (several minutes)
	$(BIN)/pytest -m slow

test-cluster: $(VENV)/.dev services ## Run the tests that need PostgreSQL
	$(BIN)/pytest -m postgres

services: ## Install Chromium and PostgreSQL for the tests (as root on Debian)
	@sh tests/services.sh

##@ Develop

format: $(VENV)/.dev ## Format the code and fix lint errors
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev ## Pin the newest versions that pyproject.toml allows
	$(LOCK) --upgrade --extra build --extra mcp --extra semantic pyproject.toml -o requirements.lock
	$(LOCK) --upgrade --extra build --extra mcp --extra semantic --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove everything that the targets above create
	rm -rf $(VENV) .kb build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

##@ Package

wheel: $(VENV)/.dev ## Build the wheel in dist/
	$(BIN)/python -m build --wheel --no-isolation

check-wheel: $(VENV)/.dev ## Install the wheel with the newest dependencies and test it
	@sh tests/wheel.sh $(BIN)/python

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
