# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
EDITORS := nvim-0.12 nvim-0.10 helix emacs

LIBRARIES := matplotlib pandas polars numpy pillow sympy ipython plotly kaleido altair vl-convert-python \
	scikit-learn pyarrow duckdb
# The release that has a build for processors alone where tests run; set it to nothing to do without.
TORCH ?= torch==2.13.0

# What is tested and measured is not to find, start or become the host of the person who does it.
export RDIT_HOST := off

.PHONY: help setup demo test check unit rich libraries editors vscode release-check screens bench format wheel clean

help:  ## Show this.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(INSTALLED)  ## Make a virtual environment with rdit and all that its checks need.

$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "rdit needs Python 3.10 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group test
	touch $@

demo: setup  ## Run a real script with rdit and show its results.
	$(BIN)/rdit run examples/demo.py

test: check unit editors vscode release-check  ## Run every check and every test.

check: setup  ## Formatting, lint, types, and what is generated from the protocol's schema.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python scripts/protocol/generate --check

unit: setup libraries  ## The server, the worker on every interpreter found, the command line.
	$(BIN)/pytest tests

rich: setup libraries  ## Figures, tables, exports: with the libraries they are for.
	$(BIN)/pytest tests/libraries

libraries:  ## An interpreter with those libraries, for `tests/libraries`.
	test -x .tools/rich/bin/python || $(PYTHON) -m venv .tools/rich
	.tools/rich/bin/python -m pip install --quiet $(LIBRARIES) $(TORCH)

editors: setup libraries  ## Neovim, Helix and Emacs, for real.
	scripts/editors/install $(EDITORS)
	scripts/editors/check-lua
	$(BIN)/pytest editors

vscode: setup  ## The VS Code extension, on its own and in VS Code.
	scripts/vscode/install
	cd editors/vscode && npm ci && npm test && npm run package && npm run e2e

release-check: setup  ## A dry run of a release: wheel, source distribution and extension, built and tried.
	$(BIN)/python -m pip install --quiet --group release
	$(BIN)/pytest scripts/tests

screens: setup libraries  ## Make the pictures in docs/screens anew.
	scripts/editors/install nvim-0.12 helix emacs
	$(BIN)/python scripts/editors/capture
	scripts/vscode/screenshot
	scripts/rich/screenshot

bench: setup  ## Measure rdit beside a floor and ipykernel. Not a test.
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m bench

format: setup  ## Format the Python code.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: setup  ## Build the wheel.
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## Remove what these commands made; editors stay in .tools.
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
