# What a contributor types. `make demo` and `make test` set up all they need.
PYTHON ?= python3
VENV ?= .venv-test
BIN := $(VENV)/bin
TESTS ?= tests
WORKERS ?= 2

.PHONY: demo test lint docs test-all test-oldest nightly releases results bench install clean

demo: $(VENV)/.demo install
	@mkdir -p demo-report
	$(BIN)/pytest --target=wsgi_blog:application --target=asgi_chat:application \
		--target-app-dir=tests/examples --conformance-report=demo-report/report.html \
		--conformance-results=demo-report/results.jsonl -p no:cacheprovider

test: $(VENV)/.test install
	$(BIN)/python -m pytest $(TESTS) -n $(WORKERS)

lint: $(VENV)/.test $(VENV)/.lint install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p gateproof.validators -p gateproof.targets -p gateproof.reports -p gateproof.conformance

docs: $(VENV)/.test install
	$(BIN)/python -m pytest tests/test_docs.py -q

test-all:
	$(MAKE) test PYTHON=python3.11 VENV=.venv-3.11
	$(MAKE) test PYTHON=python3.12 VENV=.venv-3.12
	$(MAKE) test PYTHON=python3.13 VENV=.venv-3.13
	$(MAKE) test-oldest

# The plugin on the oldest releases of what it stands on.
test-oldest:
	$(MAKE) install VENV=.venv-oldest
	.venv-oldest/bin/python -m pip install -q --group oldest
	.venv-oldest/bin/python -m pytest tests/plugin

# The long runs: repeats of the whole suite in a random order of load, thousands of examples where
# the default takes dozens, and servers again and again, whose verdicts have to stay the same.
nightly: $(VENV)/.test install
	GATEPROOF_TEST_SCALE=20 $(BIN)/python -m pytest $(TESTS) -n $(WORKERS)
	for n in 1 2 3 4 5 6 7 8 9 10; do \
		$(BIN)/python -m pytest tests/frameworks tests/plugin -q -n 2 || exit 1; done
	$(BIN)/python tests/server_suite/repeat.py --runs 20
	$(BIN)/python tests/server_suite/repeat.py --runs 20 --busy 2

# Old releases of servers with known defects, for the nightly run: each in an environment of its
# own, some of them compiled, so that it takes a while. What stands already is left as it is.
releases: $(VENV)/.test install
	$(BIN)/python tests/releases/make.py

# The published matrix: every server that can run here, each in an environment of its newest
# release. Failures of servers are what it shows, so only trouble of our own ends it.
results: $(VENV)/.test install
	for name in $$($(BIN)/python -c "from gateproof.targets.opening import columns; \
		print(*(column[7:] for column in columns()))"); do \
		$(BIN)/gateproof env "$$name" || echo "without $$name"; done
	@mkdir -p docs/results
	$(BIN)/gateproof run server:all --results docs/results/servers.jsonl -q -p no:cacheprovider \
		--tb=no -n $(WORKERS) || [ $$? -eq 1 ]
	$(BIN)/gateproof report docs/results/servers.jsonl \
		--html docs/results/servers.html --markdown docs/results/servers.md
	gzip -9 -n -f docs/results/servers.jsonl docs/results/servers.html

bench: $(VENV)/.bench install
	for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

# The wheel, not the checkout, is what is tested.
install: $(VENV)/.pip
	@rm -rf build
	@$(BIN)/python -m pip install -q --force-reinstall --no-deps .
	@rm -rf build

$(VENV)/.pip: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q .
	@rm -rf build
	@touch $@

$(VENV)/.demo: $(VENV)/.pip
	@touch $@

$(VENV)/.test: $(VENV)/.pip
	$(BIN)/python -m pip install -q --group test --group frameworks --group peers --group servers
	@touch $@

$(VENV)/.lint: $(VENV)/.pip
	$(BIN)/python -m pip install -q --group lint
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	$(BIN)/python -m pip install -q --group benchmarks
	@touch $@

clean:
	rm -rf build demo-report .venv-* *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
