# Two commands do everything: `make demo` runs the main job, `make test` passes all tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data

.PHONY: demo lab test test-long lint frontend frontend-test browser check-real check-binder bench screenshots clean

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[test]'
	touch $@

demo: $(VENV)/ready  ## segment the synthetic plate, measure, compare with its truth, export, show
	$(BIN)/spheroseg demo --out demo-output

lab: $(VENV)/ready  ## open JupyterLab on the quickstart
	$(BIN)/spheroseg lab demo-output

lint: $(VENV)/ready  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

frontend: $(VENV)/ready  ## build the browser halves of the widgets
	$(BIN)/python frontend/tool.py build

browser: $(VENV)/ready  ## Chromium for the tests: Debian's where it is, else playwright's own
	test -x /usr/bin/chromium || $(BIN)/python -m playwright install --with-deps chromium

frontend-test: browser  ## types and tests of the browser halves, in Chromium
	$(BIN)/python frontend/tool.py check
	$(BIN)/python frontend/tool.py test

test: lint frontend-test  ## everything that must pass; much of it waits for others, so more run at once than there are cores
	$(BIN)/pytest -m "not long" --ignore tests/browser -n 3 --dist loadfile
	$(BIN)/pytest -m "not long" tests/browser -n 2 --dist loadfile

test-long: browser  ## long counts
	VITE_REPLAY=2000 $(BIN)/python frontend/tool.py test editor/replay
	$(BIN)/pytest -m long

check-real: $(VENV)/ready  ## accuracy on real images, printed; reads DATA
	$(BIN)/python benchmarks/check_real.py --data $(DATA)

check-binder:  ## Binder's steps in a clean environment (but for its conda step), then the quickstart
	rm -rf build/binder && $(PYTHON) -m venv build/binder
	PATH="$(CURDIR)/build/binder/bin:$$PATH" bash binder/postBuild
	build/binder/bin/pip install --quiet pytest nbval
	mkdir -p build/binder/run && cp notebooks/01_quickstart.ipynb build/binder/run
	cd build/binder/run && ../bin/python -m pytest --nbval-lax --nbval-cell-timeout=600 -c /dev/null --rootdir=. 01_quickstart.ipynb

screenshots: browser  ## pictures of README and docs, from the running product and the project of `make demo`
	$(BIN)/python benchmarks/screenshots.py --project demo-output/project
	$(BIN)/python benchmarks/outlined_pictures.py
	$(BIN)/python benchmarks/failures.py

bench: browser  ## seconds and memory of the main job; the network and the stages around it; the editor on 10,000 outlines
	$(BIN)/python benchmarks/main_job.py
	$(BIN)/python benchmarks/inference.py
	$(BIN)/python benchmarks/editor.py

clean:
	rm -rf $(VENV) demo-output build dist frontend/node_modules
