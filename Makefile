PYTHON ?= python3.11
BIN := .venv/bin
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help setup build docs lineage dashboard dashboard-serve test test-fast test-long lint lint-code check demo bench up-postgres up-spark down lock clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: .venv/ready  ## Make the virtual environment with exactly pinned packages

.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@mkdir -p build
	@touch $@

build: setup  ## Build the demo on DuckDB, write the docs and show the tiers
	@$(BIN)/strata check
	$(BIN)/dbt build
	@$(MAKE) --no-print-directory docs
	@$(BIN)/strata summary

docs: setup  ## Write the static docs page, build/docs/index.html
	$(BIN)/dbt --quiet docs generate --static
	@mkdir -p build/docs && cp target/static_index.html build/docs/index.html

# dbt Charts has a virtual environment of its own: it pins other packages than dbt does here.
.venv-boards/ready: boards/requirements.txt
	$(PYTHON) -m venv .venv-boards
	.venv-boards/bin/pip install --quiet --disable-pip-version-check -r boards/requirements.txt
	@touch $@

lineage: docs .venv-boards/ready  ## Write the lineage of every column, build/lineage/index.html
	@mkdir -p build/lineage
	@DO_NOT_TRACK=1 .venv-boards/bin/colibri generate --light --disable-telemetry \
		--output-dir build/lineage > build/lineage/log.txt || { cat build/lineage/log.txt; exit 1; }
	@! grep ERROR build/lineage/log.txt
	@echo "lineage    build/lineage/index.html"

dashboard: .venv-boards/ready  ## Write the boards as static pages, build/boards/overview.html
	@DO_NOT_TRACK=1 .venv-boards/bin/python boards/render.py

dashboard-serve: .venv-boards/ready  ## Serve the boards live, with filters
	@DO_NOT_TRACK=1 .venv-boards/bin/python boards/render.py --serve

# No warehouse and no setting of the caller decides what SQL is linted: a history that stands is compiled otherwise.
UNSET := $(foreach name,$(filter STRATA_%,$(.VARIABLES)),-u $(name))
SQL := models tests/singular
SQLFLUFF := env $(UNSET) STRATA_DUCKDB_PATH=:memory: DBT_TARGET_PATH=build/lint $(BIN)/sqlfluff lint --processes 2
lint: lint-code  ## Check the style of Python, Markdown and SQL
	$(SQLFLUFF) $(SQL)

lint-code: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pymarkdown scan --recurse *.md docs strata

# Of the SQL what is not committed: all of it takes as long as all the rest.
test-fast: lint-code  ## Lint of what you changed, the demo with its unit tests, and the core of pytest
	{ git diff --name-only --diff-filter=d HEAD -- $(SQL); git ls-files --others --exclude-standard $(SQL); } \
		| grep '[.]sql$$' | xargs -r $(SQLFLUFF)
	$(BIN)/pytest -m "not slow and not long"

test: lint .venv-boards/ready  ## Run every check but the long ones
	$(BIN)/pytest -m "not long"

test-long: setup  ## Run whole matrices, many more drawn cases, and dbt's own tests on Spark
	$(BIN)/pytest -m long

check: test  ## The same as test, for before you stop

demo: setup  ## Write demo/ anew
	$(BIN)/strata demo --customers 2000 --out demo

bench: setup  ## Measure a million customers against pandas, Polars and plain DuckDB
	$(BIN)/strata bench --customers 1000000

up-postgres: setup  ## Start a PostgreSQL server to try; its data are in build/postgres
	@$(BIN)/strata up postgres

up-spark: setup  ## Start a Spark cluster to try; its data are in build/spark
	@$(BIN)/strata up spark

down: setup  ## Stop both
	@$(BIN)/strata down

lock: setup  ## Pin what requirements.in needs
	$(BIN)/pip install --quiet --upgrade -r requirements.in
	{ head -1 requirements.txt; $(BIN)/pip freeze --exclude-editable; } > requirements.new
	mv requirements.new requirements.txt

clean:  ## Remove what the targets made
	@if [ -x $(BIN)/strata ]; then $(BIN)/strata down; fi
	rm -rf .venv .venv-boards build target logs
