# The one list of commands: people and CI call the same ones. Never needs root, never calls the system's package manager.

.DEFAULT_GOAL := help
.PHONY: help setup engine up down preview before-the-incident review deploy test test-full mutate lint types bench golden facts lock clean

BIN := .venv/bin
# Written last: while it is missing, or older than what it was made from, the environment is not complete.
READY := .venv/.complete
# An environment can't be copied or moved: its scripts name its place, and would run the other checkout's code.
ifneq ($(shell head -n 1 $(READY) 2>/dev/null),$(CURDIR))
$(shell rm -f $(READY))
endif

NAMED := test -n "$(STACK)" || { echo "error: name the stack: make preview STACK=prod" >&2; exit 2; }

help: ## this list
	@awk -F ' *## *' '/^[a-z-]+:.*##/ { sub(/:.*/, "", $$1); printf "  make %-20s %s\n", $$1, $$2 }' Makefile

setup: $(READY) engine ## the virtual environment and the Pulumi engine (the other targets call it)

up: $(READY) ## bring the stack `local` up on emulated AWS, with the policies enforced
	@$(BIN)/headroom local up

down: $(READY) ## destroy its resources, drop its state, stop the emulator
	@$(BIN)/headroom local down

preview: $(READY) ## preview a stack without an account: make preview STACK=prod
	@$(NAMED)
	@$(BIN)/headroom local preview "$(STACK)"

before-the-incident: $(READY) ## the shop as it was when it broke: the policies refuse it (exits non-zero)
	@$(BIN)/headroom local preview docs/examples/before-the-incident.yaml

review: $(READY) ## the same, with the verdict in the pull request's job summary
	@$(NAMED)
	@.ci/review "$(STACK)"

deploy: $(READY) ## pulumi up of a stack in a real account, with the policies: your own pulumi, nothing emulated
	@$(NAMED)
	@test -z "$$AWS_ENDPOINT_URL$$HEADROOM_EMULATOR_MARK" || { echo "error: this shell is set for emulated AWS" \
		"(AWS_ENDPOINT_URL, HEADROOM_EMULATOR_MARK): deploy from a new one" >&2; exit 2; }
	@test -z "$$HEADROOM_CLOCK_SHIFT_SECONDS" || { echo "error: this shell's clock is shifted" \
		"(HEADROOM_CLOCK_SHIFT_SECONDS): its sale calendar would be scheduled wrongly: deploy from a new one" >&2; exit 2; }
	@command -v pulumi >/dev/null || { echo "error: no pulumi on PATH: see README.md, To a real account" >&2; exit 2; }
	@$(BIN)/headroom budget "$(STACK)"
	@mkdir -p .headroom/deploy && cp Pulumi.yaml "Pulumi.$(STACK).yaml" .headroom/deploy/ # the CLI rewrites stack files
	@cd .headroom/deploy && pulumi stack select --create --stack "$(STACK)" >/dev/null # the first deploy makes it
	pulumi up --yes --stack "$(STACK)" --config-file ".headroom/deploy/Pulumi.$(STACK).yaml" \
		--policy-pack policies --policy-pack-config "policies/config/$(STACK).json"

test: setup lint types ## everything that must hold: lint, types, tests (ARGS="-k word" for some of them)
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadgroup -m "not alone" $(ARGS)
	@$(if $(ARGS),,$(BIN)/python -m pytest -m alone) # they measure: a busy second core would be what they find

test-full: setup lint types ## the same, every search at full length and what can know the time on every day (hours)
	@HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadgroup \
		-m "not alone" --every-day $(ARGS)
	@$(if $(ARGS),,HYPOTHESIS_PROFILE=full $(BIN)/python -m pytest -m alone --every-day)

lint: $(READY) ## ruff: rules and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

types: $(READY) ## mypy, strict (a minute and 2.4 GB the first time, then seconds)
	@$(BIN)/mypy --no-error-summary

bench: setup ## the figures: seconds and megabytes, each with its command
	@for script in bench/bench_*.py; do $(BIN)/python "$$script" || exit 1; done

mutate: $(READY) ## is every comparison and number in the policies tested? changes each, one at a time (minutes)
	@$(BIN)/python -m tests.policies.mutation $(ARGS)

golden: setup ## renew the golden files that tests compare with (read the diff before you commit it)
	@HEADROOM_GOLDEN=renew $(BIN)/python -m pytest --quiet -m "not engine and not emulator and not server and not checkov"

facts: $(READY) ## renew the lists of versions and classes that AWS offers, and show the difference (NEWEST=1: the newest lists)
	@$(if $(NEWEST),test -x .headroom/facts/bin/python || $(BIN)/python -m venv .headroom/facts)
	@$(if $(NEWEST),.headroom/facts/bin/pip install --quiet --upgrade cfn-lint)
	@$(if $(NEWEST),.headroom/facts/bin/python,$(BIN)/python) -m headroom.local.facts

lock: $(READY) ## renew requirements.txt, and Checkov's own
	@test -x .headroom/uv/bin/uv || { $(BIN)/python -m venv .headroom/uv && .headroom/uv/bin/pip install --quiet uv; }
	.headroom/uv/bin/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --all-extras \
		--no-header --no-emit-index-url --output-file requirements.txt pyproject.toml
	.headroom/uv/bin/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
		--no-header --no-emit-index-url --output-file tests/fidelity/checkov-requirements.txt \
		tests/fidelity/checkov-requirements.in

clean: ## take down the stack and remove all that make made here (the engine stays in the user's cache)
	@if [ -e $(READY) ]; then $(BIN)/headroom local down; fi
	rm -rf .headroom .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

engine: $(READY)
	@$(BIN)/headroom local engine >/dev/null

# Any Python from 3.11 on will do; the tested one comes first. PYTHON=/path/to/python3 names another.
$(READY): requirements.txt pyproject.toml
	@for python in "$(PYTHON)" python3.11 python3.12 python3.13 python3.14 python3 python; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec "$$python" -m headroom.local.bootstrap $@; \
		fi; \
	done; \
	echo "error: no Python 3.11 or later on PATH: install one, or name it: make PYTHON=/path/to/python3" >&2; exit 2
