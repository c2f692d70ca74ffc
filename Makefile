# One verb per chore; the same ones in CI. Everything happens in .venv, made from the hashed locks.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.PHONY: demo test lint bench study fuzz docs screenshots lock clean
.DEFAULT_GOAL := help

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 16

.venv/demo.stamp: requirements/demo.txt pyproject.toml
	@echo "Making .venv from requirements/demo.txt (first time only)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.txt pyproject.toml
	@echo "Making .venv from requirements/dev.txt (first time only)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/demo.stamp  ## the main job: examples/flights from raw data to scored predictions
	@$(BIN)/python examples/flights/demo.py $(ARGS)

test: .venv/dev.stamp  ## all tests, doctests and documentation tests (ARGS="-k name" for some)
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

lint: .venv/dev.stamp  ## formatting, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev.stamp  ## ours beside the peer and the limit (ARGS="row_program" for those whose names match)
	$(BIN)/python -m benchmarks $(ARGS)

study: .venv/dev.stamp  ## false alarms of monitors, and how soon they find a change (ARGS=--quick)
	$(BIN)/python -m benchmarks.false_alarms $(ARGS)

fuzz: .venv/dev.stamp  ## the expression fuzzer at length (ARGS="--values 1e8")
	$(BIN)/python -m interplane.testing.fuzz $(ARGS)

docs: .venv/dev.stamp  ## rewrite the generated pages (operations, command reference)
	$(BIN)/python docs/generate.py

screenshots: .venv/dev.stamp  ## take the pictures of the pages, of what the demo left (ARGS="--project FOLDER")
	$(BIN)/python docs/screenshots.py $(ARGS)

lock: .venv/dev.stamp  ## renew the hashed locks, without addresses
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --group examples --extra lightgbm pyproject.toml requirements/build.in -o requirements/demo.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --group dev --extra lightgbm pyproject.toml -o requirements/dev.txt

clean:  ## forget the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
