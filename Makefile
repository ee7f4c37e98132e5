# Two commands matter: `make demo` shows everything on a bundled sample, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export LITELLM_LOCAL_MODEL_COST_MAP := True

.PHONY: demo test dev install lint types check docs bench clean
.DEFAULT_GOAL := help

help:  ## list what make can do
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed  ## create .venv and install everything

# torch first and by its exact version: pip then finds the CPU build and no other package asks for a CUDA one.
# The second DuckDB is only there for the test that runs the warehouse's core on it.
$(VENV)/.installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[fast,onnx,demo,dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(VENV)/duckdb-2.0 duckdb==2.0.0
	@touch $@

demo: install  ## run the whole main job on a bundled sample day
	$(BIN)/painpoint demo

# A worker a core: threads of their own would only wait for each other.
test: export OPENBLAS_NUM_THREADS := 1
test: install  ## run all tests
	$(BIN)/pytest -n 2 --dist loadgroup

# Where the command line keeps it too, so that the UI shows its runs: DATA_DIR may stand in .env.
dev: install  ## open the Dagster UI on http://127.0.0.1:3000
	@ours=$$($(BIN)/python -c 'from painpoint_platform.settings import load_settings as read; \
	print((read().data_dir / "dagster").resolve())') || exit 2; mkdir -p "$$ours" && cp dagster.yaml "$$ours/"; \
	DAGSTER_HOME="$${DAGSTER_HOME:-$$ours}" exec $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p $${PORT:-3000}

lint: install  ## ruff
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install  ## mypy
	$(BIN)/mypy

check: install  ## do the definitions load?
	$(BIN)/dagster definitions validate -w workspace.yaml
	$(BIN)/dg check defs

docs: install  ## write tables, columns and settings into the pages of docs/
	$(BIN)/python docs/reference.py

bench: install  ## measure and print the tables of docs/performance.md
	$(BIN)/python -m benchmarks

clean:  ## remove what was made, the collected data too
	rm -rf data artifacts $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
