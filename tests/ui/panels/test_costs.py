"""The bill says whether its speed was measured."""

from __future__ import annotations

import pytest

from ui.panels.costs import UNMEASURED, speed_note


@pytest.mark.parametrize("measured", [None, 1.5, 420.0])
def test_a_speed_that_was_not_measured_is_called_assumed(measured: float | None) -> None:
    assert "are assumed" in speed_note(UNMEASURED, measured)


@pytest.mark.parametrize("measured", [0.53, 1.54, 421.4])
def test_the_measured_speed_is_not_called_assumed(measured: float) -> None:
    assert "assumed" not in speed_note(round(measured, 1), measured)
    assert "assumed" in speed_note(round(measured, 1) * 2, measured)
