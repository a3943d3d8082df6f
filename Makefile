# Every target sets up what it needs: `make demo` and `make test` work on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= synthetic
INSTRUMENT ?= $(if $(filter yahoo,$(DATA)),ES,MES)
TIMEFRAME ?= 5m
# One home has one cadence and one set of settings: each kind of data gets its own.
HOME_DIR ?= $(if $(filter synthetic,$(DATA)),.mlplatform,$(if $(filter yahoo,$(DATA)),.mlplatform-yahoo,.mlplatform-own))
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs
FIGURES_DATA ?= ../shared/data
# A year of 5-minute bars has about 110 candidates a month: three months teach little.
OPTIONS ?= $(if $(filter synthetic,$(DATA)),--train-periods 6)

.PHONY: setup demo test soak check format docs docs-serve audit sbom bench figures ui clean

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: setup
	$(BIN)/mlplatform run --data $(DATA) --instrument $(INSTRUMENT) --timeframe $(TIMEFRAME) --home $(HOME_DIR) $(OPTIONS)

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile

# A run killed (signal 9) at twenty random moments, ten runs at once on Postgres, services that fail
# in the middle of a run, many a broken statement: three quarters of an hour.
soak: setup
	$(BIN)/python -W ignore -m mlplatform_tests.endurance.soak --kills 20 --homes 5 --seed 7
	MLPLATFORM_SOAK=1 $(BIN)/python -m pytest mlplatform_tests/endurance/test_ten_runs.py mlplatform_tests/endurance/test_services.py mlplatform_tests/endurance/test_broken_statements.py

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pip check
	$(BIN)/python .ci/dependencies.py
	$(BIN)/python .ci/audit.py
	$(MKDOCS) build --strict --quiet

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The site lands in build/site; nothing is asked of the network.
docs: setup
	$(MKDOCS) build --strict

docs-serve: setup
	$(MKDOCS) serve --strict --dev-addr 127.0.0.1:8000

# Known vulnerabilities of what is pinned: asks the public database, so this needs the network.
audit: setup
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

# Everything that is installed, in CycloneDX JSON.
sbom: setup
	mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type library --output-reproducible --output-format JSON --output-file build/sbom.json $(BIN)/python

bench: setup
	$(BIN)/python benchmarks/run.py

# What the models are worth on real bars, in a home that counts how often it was looked.
figures: setup
	$(BIN)/python benchmarks/honest.py --data $(FIGURES_DATA) --write

ui: setup
	$(BIN)/mlplatform ui --home $(HOME_DIR)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
