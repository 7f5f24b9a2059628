# `make help` lists every target. Everything a target needs, it installs itself.
PORT ?= 8501
HOST ?= 127.0.0.1
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome || echo /usr/bin/chromium)
export CHROMIUM
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | sort | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/run  ## start the dashboard on http://localhost:8501 (PORT=, HOST= to change)
	@$(BIN)/python -m tools.serve --host $(HOST) --port $(PORT)

etl: $(VENV)/run  ## read catalogue and tables, check, publish a release
	@$(BIN)/python -m etl build

load: $(VENV)/run  ## check and load a table: make load FILE=table.xlsx
	@$(BIN)/python -m etl load $(FILE)

template: $(VENV)/run  ## write a blank table with drop-downs for stewards
	@$(BIN)/python -m etl template

status: $(VENV)/run  ## list the releases of the warehouse
	@$(BIN)/python -m etl status

test: $(VENV)/dev browser  ## lint, types, layers and all tests
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/dev  ## lint, format, types and layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(VENV)/dev  ## known faults of pinned packages (needs the internet; says so without), changed files
	@$(BIN)/python -m tools.audit

payloads: $(VENV)/dev browser  ## SQL, scripts, formulas and paths in every place where a text comes in
	$(BIN)/python -m pytest -n0 -vv --no-header tests/test_payloads.py

bench: $(VENV)/dev browser  ## all benchmarks; docs/benchmarks.md holds the figures
	$(BIN)/python -m benchmarks.first_map
	$(BIN)/python -m benchmarks.filter_change
	$(BIN)/python -m benchmarks.load_million

screenshots: $(VENV)/dev browser  ## make the README's screenshots anew
	$(BIN)/python -m tools.screenshots

bundle: $(VENV)/run  ## make dist/dashboard-bundle, which installs on a machine without network
	@$(BIN)/python -m tools.bundle

lock: $(VENV)/dev  ## write constraints.txt from what is installed
	$(BIN)/python -m pip freeze --exclude-editable | grep -viE '^(pip|setuptools)==' > constraints.txt

hashes: $(VENV)/dev  ## write requirements.lock: every package with the hash of its file
	@$(BIN)/python -m tools.hashes

browser:  ## see that Chromium and a Chinese font are there; as root on Debian, install them
	@sh tools/browser.sh

clean:  ## remove the virtual environment, caches and bundles (never data or releases)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist shots

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/run: requirements.txt constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/dev: requirements-dev.txt requirements.txt constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@ $(VENV)/run

.PHONY: help run etl load template status test check audit payloads bench bundle screenshots lock hashes browser clean
