# Two commands serve a new machine: `make demo` and `make test`. Each installs what it needs into .venv.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench bench-more crash clean

demo: .venv/installed
	$(BIN)/weaklabel demo --out demo

test: .venv/installed
	$(BIN)/pytest -n auto

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Every flow beside its peers, in short: ten minutes on two idle cores.
bench: .venv/installed
	$(BIN)/python benchmarks/run.py

# What results are worth on real data, and single pieces in more detail: hours, and some gigabytes of peers.
bench-more: .venv/installed
	$(BIN)/python benchmarks/run.py --full
	OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python benchmarks/label_models.py
	OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python benchmarks/clicks.py
	$(BIN)/python benchmarks/review.py
	OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python benchmarks/audit.py score labels repair --seeds 3
	$(BIN)/python benchmarks/active.py --install
	OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python benchmarks/active.py --seeds 2 --pool 1000000
	OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python benchmarks/warm.py curves --seeds 2
	OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python benchmarks/second_opinions.py cost --seeds 2
	OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python benchmarks/grading.py

# Kills clients and a Label Studio of its own some 200 times, and looks whether anything is missing: 6 minutes.
crash: .venv/installed
	$(BIN)/python benchmarks/crash.py

clean:
	rm -rf .venv demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

# pip, not uv: only pip finds the build of torch without CUDA, some gigabytes smaller, where an index offers one.
.venv/installed: pyproject.toml constraints.txt
	@echo "installing into .venv: a few minutes, the first time"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
