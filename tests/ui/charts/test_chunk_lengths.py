"""The histogram of passage lengths."""

from __future__ import annotations

from ui.charts import chunk_lengths
from ui.charts.palette import LIGHT


def test_the_axes_have_room_and_the_limit_is_drawn() -> None:
    fig = chunk_lengths.figure([7, 9, 54], 200, LIGHT)

    assert fig.layout.xaxis.automargin and fig.layout.yaxis.automargin
    assert (fig.layout.xaxis.title.text, fig.layout.yaxis.title.text) == ("tokens", "passages")
    assert fig.layout.yaxis.dtick == 1
    assert [(line.x0, line.x1) for line in fig.layout.shapes] == [(200, 200)]
    assert fig.layout.annotations[0].text == "limit 200"


def test_the_reading_names_scraps() -> None:
    assert chunk_lengths.caption([7, 9, 54], 200) == (
        "3 passages of 7 to 54 tokens, half of them over 9; they were cut at 200. "
        "2 have fewer than 20, too little to answer much."
    )
