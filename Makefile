# On a machine with python3 and make: `make demo` shows a real migration, `make test` proves the program.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
ARGS   ?=
# Files of tests that run at the same time, each with nodes of its own (about 1 GB a node); 0: one after another.
TOGETHER ?= 2
# Tests without servers that run at the same time: a screen's test waits half of its time for the screen to come to rest.
AT_ONCE ?= 4

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-newest how-long check format screenshots bench clean

help: ## What can be made here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(READY) ## Two real clusters with sample data, and a migration between them
	$(BIN)/esmigrate demo $(ARGS)

# Before anything is installed or started; not where ARGS choose some of the tests.
how-long:
	@$(if $(ARGS),:,echo "Every test on real Elasticsearch nodes: about 30 minutes on two quiet cores, 40 on busy ones. \
	Without servers, in two: make test-quick")

# Every worker compiles the tests, and many tests start the program: that is kept, whatever the environment says.
test test-quick: export PYTHONDONTWRITEBYTECODE :=

test: how-long $(READY) ## Every test, on real Elasticsearch nodes: make test ARGS="-k wire"
	$(BIN)/python -m pytest -n $(TOGETHER) --dist loadfile --no-loadscope-reorder $(ARGS)

test-quick: $(READY) ## The tests that need no server, in less than two minutes: fewer examples, one scene a step
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist worksteal -m "not nodes and not slow" \
	  --hypothesis-profile quick $(ARGS)

test-newest: $(READY) ## What needs the newest servers with their modules, before each release
	$(BIN)/python -m pytest -m newest -rA $(ARGS)

check: $(READY) ## Style, types, and that imports only go downhill
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY) ## Put the code into the one form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

screenshots: $(READY) ## Draw the gallery in screenshots/ that README shows
	$(BIN)/python -m tests.pictures.gallery screenshots

bench: $(READY) ## Figures, as ratios against something measured in the same run
	$(BIN)/python -m bench $(ARGS)

clean: ## Remove what was installed here (downloaded servers stay in the cache)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
