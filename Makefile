# make run: set up and open the app.  make check: lint, types and the quick tests.  make test: everything.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python

QUICK := tests/schema tests/golden tests/pipeline tests/analysis tests/evaluation tests/retrieval/test_fusion.py \
	tests/retrieval/test_bm25.py tests/rerank/test_fixed.py tests/rerank/test_scoring.py tests/test_requirements.py

.PHONY: run check lint types quick test format clean infinity

run: $(VENV)/.run
	$(PY) -m streamlit run app.py

check: $(VENV)/.test
	@$(MAKE) --no-print-directory --jobs 3 --output-sync lint types quick

lint: $(VENV)/.test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(VENV)/.test
	$(PY) -m mypy

quick: $(VENV)/.test
	$(PY) -m pytest -q -m "not slow" $(QUICK)

test: $(VENV)/.test lint types
	$(PY) -m pytest

format: $(VENV)/.test
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

$(PY):
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Second Pass needs Python 3.11 or newer')"
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip

$(VENV)/.run: requirements.txt | $(PY)
	$(PY) -m pip install --quiet $$(grep '^torch==' requirements.txt)
	$(PY) -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.test: requirements-dev.txt $(VENV)/.run
	$(PY) -m pip install --quiet -r requirements-dev.txt
	touch $@

# A real reranking server for one of the tests, in an environment of its own: about 1.4 GB.
infinity: .infinity/.ready

.infinity/.ready:
	$(PYTHON) -m venv .infinity
	.infinity/bin/python -m pip install --quiet $$(grep '^torch==' requirements.txt)
	.infinity/bin/python -m pip install --quiet "infinity-emb[server,torch]==0.0.78"
	touch $@

clean:
	rm -rf $(VENV) .infinity .frameworks .engines .pytest_cache .mypy_cache .ruff_cache .hypothesis
