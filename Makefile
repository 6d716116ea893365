# make demo    the whole job on embedded parts        make test    every test
# Both make .venv themselves and need nothing done before: Python 3.11+ and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: install system-deps demo test docs bench year mutants soak long fuzz lint lock clean

install: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11+ is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# What tests need from the system: a real sshd. Where it cannot be installed, the journey says so and
# runs over the embedded SFTP server instead.
system-deps:
	@if [ -x /usr/sbin/sshd ] || command -v sshd >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server >/dev/null; \
	else echo 'sshd is missing; as root: apt-get install openssh-server' >&2; fi

demo: $(READY)
	@$(BIN)/edi demo

test: $(READY) system-deps
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# What is committed of what the program writes: the specification, and a sample for every finding with its answers.
docs: $(READY)
	$(BIN)/edi spec -o docs/specification >/dev/null
	$(BIN)/python -m tests.edi.spec.samples docs/samples

bench: $(READY)
	$(BIN)/python -m tests.bench.bench $(ARGS)

# A made-up year of 20,000 invoices a side with every known fault in it, and where each ended;
# ARGS='--year 2004 2012 --seed 1 2 --size 5000'.
year: $(READY)
	$(BIN)/python -m tests.market.judge $(ARGS)

# Each known mistake made in a copy of the tree: the tests named with it must see it. ARGS='--only spool --stale'.
mutants: $(READY)
	$(BIN)/python -m tests.mutants.run $(ARGS)

# Kills and failing calls by the thousand; writes the tables of docs/reliability.md. Then how long others wait.
soak: $(READY) system-deps
	$(BIN)/python -m tests.faults.soak $(ARGS)
	$(BIN)/python -m tests.bench.waiting

# All that takes long and runs by itself, in turn.
long:
	$(MAKE) mutants
	$(MAKE) year
	$(MAKE) soak
	$(MAKE) bench

# A minute for each target; ARGS='--seconds 600 --only xml-format'. Without atheris, hypothesis does it.
fuzz: $(READY)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,fuzz]' || \
	echo 'atheris cannot be had here: hypothesis instead' >&2
	$(BIN)/python -m tests.fuzz.run $(ARGS)

# Nothing that git ignores, and no link, is committed: a checkout elsewhere could not stand on it.
lint: $(READY)
	@! { git ls-files --cached --ignored --exclude-standard; git ls-files --stage | grep ^120000; } 2>/dev/null | grep .
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The versions that were tested together; make it on the oldest Python, whose choice is the narrowest.
lock: $(READY)
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
