# make demo: install everything, train two recipes on the embedded data, show what they learned.
# make test: the whole test suite, from nothing.     make docs: the site, in site/.
# make faults: every fault of the campaign.             make fuzz: each reader for ten minutes.
# make bench: every figure of docs/speed.md, beside its peers, in a quarter of an hour.
# Another Python: make PYTHON=python3.12 test

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
# What is light among the extras of plugins is tested everywhere.
INSTALL := $(patsubst plugins/encoders,plugins/encoders[static],\
           $(patsubst plugins/dashboard,plugins/dashboard[test],\
           $(patsubst plugins/serve,plugins/serve[test],\
           $(patsubst plugins/trackers,plugins/trackers[tensorboard],$(PLUGINS)))))
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint docs bench faults fuzz install clean

demo: $(INSTALLED)
	$(BIN)/python docs/demo.py

test: $(INSTALLED)
	$(BIN)/python -m pytest

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python tests/docs/check_types.py

docs: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt mkdocs
	$(BIN)/mkdocs build --strict --quiet

bench: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    -c constraints.txt -r benchmarks/requirements.txt || true  # a peer that is not here is left out
	$(BIN)/python benchmarks/run.py

# LVMCTL_FAULTS is how many of each kind; a million is all. Nothing waits for a disk in memory.
faults: $(INSTALLED)
	OMP_NUM_THREADS=1 TMPDIR=$(firstword $(wildcard /dev/shm) /tmp) \
	LVMCTL_FAULTS=$${LVMCTL_FAULTS:-1000000} $(BIN)/python -m pytest tests/faults

fuzz: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt atheris
	for target in npz store run experiments; do \
	    $(BIN)/python tests/fuzz/run.py $$target -max_total_time=$${SECONDS_EACH:-600} || exit 1; \
	done

install: $(INSTALLED)

# One call that names core and every plugin: a plugin alone would ask the package index for lvmctl.
$(INSTALLED): pyproject.toml constraints.txt $(PLUGINS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	"lvmctl needs Python 3.11 or later, this is " + sys.version.split()[0] + ": make PYTHON=...")'
	@echo "Installing lvmctl, its plugins and the test tools in $(VENV): about a minute ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    -c constraints.txt -e ".[test]" $(INSTALL:%=-e %)
	@touch $@

clean:
	rm -rf $(VENV) build dist site .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find lvmctl plugins tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
