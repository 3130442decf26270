# What a person types. `make run` shows a night; `make test` proves the code; both begin with `make install`.
PY := .venv/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || echo python3)
# By uv, in a tenth of pip's time; by pip where only pip's own settings name the way to the packages, such as a mirror.
PACKAGES := -c constraints.txt -e '.[dev]'
# The files of tests are synced over and over: they lie in memory where it has room (not with `make test MEMORY=`), and
# are gone afterwards; pytest called by hand keeps them.
ROOM := [ "$$(df -k --output=avail /dev/shm | tail -1)" -gt 8000000 ] && awk '/^MemAvailable/ && $$2 > 8000000' /proc/meminfo
MEMORY := $(if $(shell { $(ROOM); } 2>/dev/null),-p /dev/shm)
.DEFAULT_GOAL := help
.PHONY: help install run test form types sql airflow bench clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

install: .venv/installed  ## environment in .venv, with .venv/bin/fsdb

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PY)/pip install --disable-pip-version-check --progress-bar off -c constraints.txt uv
	$(PY)/uv pip install --python $(PY)/python --quiet --compile-bytecode $(PACKAGES) || $(PY)/pip install --progress-bar off $(PACKAGES)
	@touch $@

run: install  ## play several nights against the simulator and publish releases
	$(PY)/python -m simulator.demo

test: install  ## everything: formatting, types, SQL style, tests
	$(MAKE) --no-print-directory --jobs 2 --output-sync form types sql
	@files=$$(mktemp -d $(or $(MEMORY),-t) fsdb-tests.XXXXXX) && trap 'rm -rf "$$files"' EXIT HUP INT TERM && set -x && \
	$(PY)/pytest -n 2 --dist loadfile --no-loadscope-reorder --basetemp="$$files/run"

form types sql: install

form:
	$(PY)/ruff check .
	$(PY)/ruff format --check .
	$(PY)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

types:
	$(PY)/mypy

sql:
	$(PY)/sqlfluff lint --processes 2 dbt_project/models

airflow: install  ## Airflow's scheduler and pages with the DAG, and the simulator, until Ctrl-C
	$(PY)/python -m simulator.airflow

bench: install  ## measure against the plain floor
	$(PY)/python -m benchmarks

clean:  ## forget the demo's data
	rm -rf data/demo .airflow
