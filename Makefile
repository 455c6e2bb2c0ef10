# `make` lists what there is. Every target sets up .venv by itself; PYTHON=python3.12 chooses for it.

PYTHON ?= python3
EXTRAS ?= test,openvino,heif,serve
WORKERS ?= 2
BIN := .venv/bin
SETTINGS := setup.cfg pyproject.toml constraints.txt

.PHONY: help demo test test-all check format docs bench
.DELETE_ON_ERROR:

help:
	@echo "make demo     train on two samples and write a report with figures of each"
	@echo "make test     run the quick tests"
	@echo "make test-all run every test: also each backbone on each engine, recipes, notebooks, browser"
	@echo "make check    ruff and mypy"
	@echo "make format   let ruff format the code"
	@echo "make docs     build the documents as a site, build/site"
	@echo "make bench    measure time, memory and accuracy, beside the usual way; on DATA=DIR"

demo: .venv/installed-$(EXTRAS)
	@$(BIN)/transferkit demo

test: .venv/installed-$(EXTRAS)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow"

test-all: .venv/installed-$(EXTRAS)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# With the extra `serve`: FastAPI and uvicorn bring types of their own, which mypy reads.
check: .venv/installed-check,serve
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/installed-check
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# As a module, so that the hooks find `tools`; the theme's own notice is no part of the build.
docs: .venv/installed-docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "build/site/index.html"

bench: .venv/installed-$(EXTRAS)
	@$(BIN)/python benchmarks/start.py $(DATA)
	@$(BIN)/python benchmarks/decode.py $(DATA)
	@$(BIN)/python benchmarks/features.py $(DATA)
	@$(BIN)/python benchmarks/head.py $(DATA)
	@$(BIN)/python benchmarks/presets.py $(DATA)
	@$(BIN)/python benchmarks/doubts.py $(DATA)
	@$(BIN)/python benchmarks/duplicates.py $(DATA)
	@$(BIN)/python benchmarks/fixed_camera.py
	@$(BIN)/python benchmarks/leaks.py $(DATA)
	@$(BIN)/python benchmarks/false_alarms.py $(DATA)
	@$(BIN)/python benchmarks/imbalance.py $(DATA)
	@$(BIN)/python benchmarks/forest.py $(DATA)
	@$(BIN)/python benchmarks/coverage.py
	@$(BIN)/python benchmarks/conformal.py
	@$(BIN)/python benchmarks/predict_many.py
	@$(BIN)/python benchmarks/curves.py
	@$(BIN)/python benchmarks/finetune.py $(DATA)
	@$(BIN)/python benchmarks/memory.py
	@$(BIN)/python benchmarks/reload.py $(DATA)
	@$(BIN)/python benchmarks/backbones.py $(DATA)
	@$(BIN)/python benchmarks/probe.py $(DATA)
	@$(BIN)/python benchmarks/int8.py $(DATA)
	@$(BIN)/python benchmarks/mutants.py
	@$(BIN)/python benchmarks/pocket_fine_tune.py $(DATA)
	@$(BIN)/python benchmarks/pocket_speed.py $(DATA)
	@$(BIN)/python benchmarks/fuzz.py
	@$(BIN)/python benchmarks/serve.py $(DATA)
	@$(BIN)/python benchmarks/serve_abuse.py
	@$(BIN)/python benchmarks/parameters.py
	@$(BIN)/python benchmarks/export.py $(DATA)

# The stamp of an installation with the extras in its name: made again where the settings changed.
.venv/installed-%: $(SETTINGS) | $(BIN)/python
	@echo "Installing transferkit and what it needs into .venv: a few minutes, once."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[$*]' -c constraints.txt
	@touch '$@'

$(BIN)/python:
	@command -v $(PYTHON) > /dev/null || \
	{ echo "There is no $(PYTHON): install Python 3.10 to 3.13, or pass PYTHON=its-name."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || \
	{ echo "$(PYTHON) is not Python 3.10 to 3.13: pass one that is, as in PYTHON=python3.12."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null || \
	{ echo "$(PYTHON) has no ensurepip: install the package python3-venv, or pass another PYTHON."; exit 1; }
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
