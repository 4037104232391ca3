"""One click downloads the standard reranker and makes it this installation's default. Nothing is asked before.

Each session is a process of its own: the hub's client reads its address and its cache's place when it is imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.rerank.installed_default import FILE, STANDARD, default_reranker, make_default
from rag_core.schema.policy import DEFAULT_RERANKER
from tests.rerank.conftest import make_model, tiny  # noqa: F401
from tests.rerank.hub_server import Hub, running
from tests.ui.conftest import ROOT

BEGIN = (
    "import json\n"
    "from streamlit.testing.v1 import AppTest\n"
    "def opened(page='7_rerankers.py', **query):\n"
    "    at = AppTest.from_file('pages/' + page, default_timeout=200)\n"
    "    for name, value in query.items():\n"
    "        at.query_params[name] = value\n"
    "    return done(at.run())\n"
    "def done(at):\n"
    "    assert not at.exception, at.exception\n"
    "    return at\n"
    "def chosen(at):\n"
    "    return at.sidebar.selectbox(key='r').value\n"
    "def offered(at):\n"
    "    return 'standard_get' in [one.key for one in at.sidebar.button]\n"
)


@pytest.fixture(scope="module")
def hub(tiny: Path) -> Iterator[Hub]:  # noqa: F811
    files = {path.name: path.read_bytes() for path in tiny.iterdir()}
    with running(files, STANDARD.partition(":")[2]) as served:
        yield served


def session(home: Path, address: str, code: str) -> list[object]:
    """What the code prints as JSON, in a process whose hub is that address and whose data and cache lie in `home`."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": address,
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(home / "hub"),
        "SECOND_PASS_DATA_DIR": str(home / "data"),
    }
    ran = subprocess.run(
        [sys.executable, "-c", BEGIN + code], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: list[object] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


def test_one_click_makes_it_the_default_of_every_new_visit(hub: Hub, tmp_path: Path) -> None:
    before = session(tmp_path, hub.address, "at = opened()\nprint(json.dumps([chosen(at), offered(at)]))\n")
    assert before == [DEFAULT_RERANKER, True]
    assert hub.requests == 0

    clicked = session(
        tmp_path,
        hub.address,
        "at = opened()\n"
        "done(at.sidebar.button(key='standard_get').click().run())\n"
        "print(json.dumps([chosen(at), offered(at), [one.value for one in at.error]]))\n",
    )
    assert clicked == [STANDARD, False, []]
    assert "model.safetensors" in hub.sent

    asked = hub.requests
    later = session(
        tmp_path,
        hub.address,
        "at = opened()\n"
        "link = opened(q='How long do refunds take?')\n"
        "old = opened(r='No reranker')\n"
        "done(at.button(key='reset').click().run())\n"
        "at.sidebar.selectbox(key='r').set_value('none')\n"
        "shipped = opened()\n"
        f"done(shipped.sidebar.selectbox(key='r').set_value('{DEFAULT_RERANKER}').run())\n"
        "again = opened(**{key: values[0] for key, values in shipped.query_params.items()})\n"
        "print(json.dumps([chosen(opened()), chosen(link), chosen(old), chosen(again), at.query_params.get('r')]))\n",
    )
    assert later[:4] == [STANDARD, DEFAULT_RERANKER, "none", DEFAULT_RERANKER]
    assert hub.requests == asked
    assert default_reranker(tmp_path / "data") == STANDARD


def test_the_click_says_in_words_that_no_hub_can_be_reached(tmp_path: Path) -> None:
    told = session(
        tmp_path,
        "http://127.0.0.1:9",
        "at = opened()\n"
        "done(at.sidebar.button(key='standard_get').click().run())\n"
        "print(json.dumps([chosen(at), offered(at), ' '.join(one.value for one in at.sidebar.error)]))\n",
    )
    assert told[:2] == [DEFAULT_RERANKER, True]
    assert "The chosen reranker stays" in str(told[2])
    assert not (tmp_path / "data" / FILE).exists()


def test_the_default_is_kept_in_the_data_folder_and_a_bad_one_is_named(tmp_path: Path) -> None:
    assert default_reranker(tmp_path) == DEFAULT_RERANKER
    make_default(tmp_path / "new", "late-interaction")
    assert default_reranker(tmp_path / "new") == "late-interaction"
    make_default(tmp_path / "new", DEFAULT_RERANKER)
    assert not (tmp_path / "new" / FILE).exists()
    (tmp_path / FILE).write_text("nonsense\n")
    with pytest.raises(BadInput, match="Remove that file"):
        default_reranker(tmp_path)
    with pytest.raises(BadInput):
        make_default(tmp_path, "nonsense")
