# Everything here brings what it needs: uv (if it is missing), the Python packages, all inside this folder.
# make demo | test | serve | check | bench

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --frozen --no-sync
STAMP := .venv/.dozor-synced

.PHONY: demo test test-slow serve check bench setup clean dictionary

demo: setup  ## play four weeks of nights over an invented market, the last one in Airflow
	@$(RUN) dozor demo --airflow

test: setup  ## the tests that are quick: a few minutes
	@$(RUN) pytest

test-slow: setup  ## the tests that take longer: killing at random moments, large inputs
	@$(RUN) pytest -m slow

serve: setup  ## Airflow with the DAGs on their schedules; its state lives in .airflow/
	@$(RUN) python -m dozor.airflow

check: setup  ## lint, types, import contracts, generated files up to date
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) python -c "import sys; from warehouse.dictionary import is_current; sys.exit(0 if is_current() else 'warehouse/DICTIONARY.md is out of date: make dictionary')"

dictionary: setup  ## write the data dictionary anew
	@$(RUN) python -m warehouse.dictionary

bench: setup  ## the figures of the README; needs the peers, so it installs the bench group first
	@$(UV) sync --frozen --all-groups --quiet
	@$(RUN) python -m benchmarks

setup: $(STAMP)

$(STAMP): pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen --quiet
	@touch $@

.uv/bin/uv:
	@echo "uv is missing: installing it into .uv/"
	@python3 -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check "uv>=0.9,<1"

# Where uv is installed there is nothing to make.
$(filter-out .uv/bin/uv,$(UV)): ;

clean:
	rm -rf .venv .uv .demo .airflow .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
