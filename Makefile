# Everything here brings what it needs: uv (where it is missing), then the packages of uv.lock, all inside this folder.
# make demo | test | serve | check | bench | test-slow          make help says what each does

export UV_PROJECT_ENVIRONMENT := .venv

# pip trusts what this machine trusts (a company's own certificates, say); so shall uv, where the machine has a list.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS ?= true
endif

# A uv that is there but does not answer (a shim without its program) counts as missing.
UV := $(if $(shell uv --version 2>/dev/null),uv,.uv/bin/uv)
BIN := .venv/bin
READY := .venv/.dozor-ready

# What `make bench` runs, all or some (make bench BENCH=matching), and where the corpora are that it measures on.
BENCH ?= crawl "load rows --rows 1000000" "load nights --rows 50000" airflow_overhead reading reading_structured matching mentions_build \
	"quality_matching $(DOZOR_CORPORA)" "quality_sentiment $(DOZOR_CORPORA)"
export DOZOR_CORPORA ?= $(abspath ../shared/data)

.PHONY: help demo test test-slow serve check dictionary bench setup clean

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: setup  ## four weeks of nights over an invented market, the last one in Airflow
	@$(BIN)/dozor demo --airflow

test: setup  ## the quick tests: a few minutes, no network
	@$(BIN)/pytest

test-slow: setup  ## the tests that take longer: killing at random moments, more random histories
	@$(BIN)/pytest -m slow

serve: setup  ## Airflow with the DAGs, its state in .airflow/; DOZOR_CONFIG names your dozor.yml
	@test -e "$${DOZOR_CONFIG:-dozor.yml}" || echo "There is no $${DOZOR_CONFIG:-dozor.yml} yet: the DAGs fail until there is one. dozor init writes it."
	@$(BIN)/python -m dozor.airflow

check: setup  ## lint, format, types, import contracts, data dictionary up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -c "import sys; from warehouse.dictionary import is_current; sys.exit(0 if is_current() else 'warehouse/DICTIONARY.md is out of date: make dictionary')"

dictionary: setup  ## write the data dictionary anew
	@$(BIN)/python -m warehouse.dictionary

bench: setup  ## the figures of the README, with their peers, which are installed first
	@$(UV) sync --frozen --quiet --inexact --group bench --group train
	@failed=; for name in $(BENCH); do \
		echo "== $$name"; $(BIN)/python -m benchmarks.$$name || failed="$$failed $${name%% *}"; \
	done; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

setup: $(READY)

# Python is compiled once here: tests and Airflow start hundreds of processes, and some machines forbid Python to keep what it compiled.
$(READY): pyproject.toml uv.lock hatch_build.py $(wildcard collectors/reading/native/*.[ch] collectors/reading/native/*/*.[ch]) | $(UV)
	@echo "Installing the packages of uv.lock into .venv/ ..."
	@$(UV) sync --frozen --quiet --inexact --compile-bytecode
	@touch $@

.uv/bin/uv:
	@echo "uv is missing: installing it into .uv/ ..."
	@{ python3 -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"; } 2>.uv.log \
		|| { rm -rf .uv && python3 -m pip install --quiet --disable-pip-version-check --target .uv "uv>=0.9,<1"; } \
		|| { cat .uv.log >&2; exit 1; }
	@rm -f .uv.log

# Where uv is installed there is nothing to make.
uv: ;

clean:  ## remove all that was installed or made by these commands; dozor-data/ stays
	rm -rf .venv .uv .demo .airflow .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
