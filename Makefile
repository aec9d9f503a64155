# Every target finds or makes its Python by itself (scripts/bootstrap.sh); after the first time none needs a network.
# PYTHON=python3.12 chooses the Python, ARGS="..." goes to the program behind the target.

export PYTHON

for_run := python=$$(sh scripts/bootstrap.sh run) &&
for_dev := python=$$(sh scripts/bootstrap.sh dev) &&

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench clean

help:
	@echo "make run      start Vitrine and print its address"
	@echo "make test     everything that is checked: format, lint, types, tests (ARGS goes to pytest)"
	@echo "make lint     format, lint and types only"
	@echo "make format   format the code, and mend what the linter can"
	@echo "make bench    the benchmarks (ARGS goes to python -m benchmarks)"
	@echo "make clean    remove .venv and all caches"

# exec: signals reach the program itself.
run:
	@$(for_run) exec "$$python" app.py $(ARGS)

lint:
	@$(for_dev) "$$python" -m ruff format --check . && "$$python" -m ruff check . && "$$python" -m mypy

# Files are handed out in the order of tests/conftest.py; by itself xdist begins with those of the most tests.
test: lint
	@$(for_dev) exec "$$python" -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

format:
	@$(for_dev) "$$python" -m ruff check --fix . && "$$python" -m ruff format .

bench:
	@$(for_dev) exec "$$python" -m benchmarks $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .gradio *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
