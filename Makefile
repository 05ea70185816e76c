# Two commands do everything: `make demo` runs the main job, `make test` passes all tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data

.PHONY: demo lab test test-long lint frontend frontend-test check-real bench screenshots binder-check clean

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[test]'
	touch $@

demo: $(VENV)/ready  ## segment the synthetic plate, measure, compare with its truth, export, show
	$(BIN)/spheroseg demo --out demo-output

lab: $(VENV)/ready  ## open JupyterLab on the quickstart
	$(BIN)/jupyter lab notebooks/01_quickstart.ipynb

lint: $(VENV)/ready  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

frontend: $(VENV)/ready  ## build the browser halves of the widgets
	$(BIN)/python frontend/tool.py build

frontend-test: $(VENV)/ready  ## types and tests of the browser halves, in Chromium
	$(BIN)/python frontend/tool.py check
	$(BIN)/python frontend/tool.py test

test: lint frontend-test  ## everything that must pass
	$(BIN)/pytest -m "not long"

test-long: $(VENV)/ready  ## long counts
	$(BIN)/pytest -m long

check-real: $(VENV)/ready  ## accuracy on real images, printed; reads DATA
	$(BIN)/python benchmarks/check_real.py --data $(DATA)

bench: $(VENV)/ready  ## seconds and memory of the main job
	$(BIN)/python benchmarks/main_job.py

clean:
	rm -rf $(VENV) demo-output build dist frontend/node_modules
