"""Every page opens on a first start, while the sample corpus is not indexed yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGES = sorted((Path(__file__).parents[2] / "pages").glob("*.py"))
pytestmark = pytest.mark.usefixtures("sample")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_opens_on_a_first_start(page: Path) -> None:
    assert not AppTest.from_file(str(page), default_timeout=300).run().exception
