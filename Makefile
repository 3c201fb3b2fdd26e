PYTHON ?= python3
LOCK = requirements$(if $(EXTRA),-$(EXTRA)).lock
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: install run test lint docs bench ui airflow dask cluster integration chaos

install: .venv/installed

run: .venv/installed
	millrace run

test: .venv/installed
	pytest -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

lint: .venv/installed
	ruff check
	ruff format --check
	mypy
	lint-imports

docs: .venv/installed
	millrace schema
	millrace docs

bench: .venv/installed
	for script in $(filter-out %/common.py,$(wildcard benchmarks/*.py)); do python $$script || exit; done

ui: .venv/installed
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true mlflow ui --host 127.0.0.1 --port $(or $(PORT),5000) --workers 1

airflow: .venv/installed
	python scripts/airflow_standalone.py

chaos: .venv/installed
	python -m scripts.chaos $(HARM)

dask: .venv/installed
	python scripts/dask_cluster.py

cluster: .venv/installed
	python -m scripts.cluster

integration: .venv/cluster
	pytest tests/integration $(if $(SCENARIO),-k $(SCENARIO))

.venv/installed: $(LOCK) pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11, 4) <= sys.version_info < (3, 14) else "Millrace needs Python 3.11.4 or newer, 3.12 or 3.13, not " + sys.version.split()[0] + "; make run PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes -r $(LOCK)
	.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# On top of what is there. A lock is complete, so pip need not resolve it; it refuses a lock that says
# `celery` where a package asks for `celery[redis]`.
.venv/cluster: requirements-cluster.lock .venv/installed
	.venv/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements-cluster.lock
	touch $@
