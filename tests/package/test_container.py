"""The container's files name extras, options and addresses that exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from rag_core.cli.main import main
from rag_core.storage.database import Store

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def test_the_image_installs_extras_that_exist():
    default = re.search(r"^ARG EXTRAS=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert default and set(default[1].split(",")) <= set(EXTRAS)
    assert set(re.findall(r"\*,(\w+),\*", DOCKERFILE)) <= set(EXTRAS)


def test_the_image_runs_as_a_user_of_its_own_and_listens_where_it_is_asked(capsys):
    assert DOCKERFILE.index("USER app") < DOCKERFILE.index('CMD ["second-pass", "app"')
    with pytest.raises(SystemExit):
        main(["app", "--help"])
    assert "--address" in capsys.readouterr().out


def test_the_composed_app_reaches_its_database():
    app, database = COMPOSE["services"]["app"], COMPOSE["services"]["database"]
    url = re.sub(r"\$\{\w+:\?[^}]*\}", "secret", app["environment"]["DATABASE_URL"])
    Store(url)  # refuses a driver or a database that it does not know
    assert sa.make_url(url).host == "database"
    assert sa.make_url(url).database == database["environment"]["POSTGRES_DB"]
