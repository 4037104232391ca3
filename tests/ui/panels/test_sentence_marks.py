"""Sentences are marked by what they do to the score; all text is escaped."""

from __future__ import annotations

from rag_core.analysis.sentence_attribution import Attribution, SentenceEffect
from rag_core.schema.documents import Passage
from rag_core.schema.spaces import ScoreSpace
from ui.panels.sentence_marks import markup

TEXT = "A <b>bold</b> claim. Then & then. No more."


def attribution():
    passage = Passage(id="c", document_id="d<i>", start=0, end=len(TEXT), text=TEXT)
    effects = (
        SentenceEffect(start=0, end=20, effect=2.0, alone=1.5, role="carries"),
        SentenceEffect(start=21, end=33, effect=-0.5, alone=-1.0, role="hurts"),
        SentenceEffect(start=34, end=42, effect=0.0, alone=-2.0, role="unread"),
    )
    return Attribution(passage=passage, model="m", space=ScoreSpace.LOGIT, whole=1.25, effects=effects)


def test_every_sentence_has_its_role_its_effect_and_its_words():
    html = markup(attribution())
    assert '<span class="sp-carries sp-telling" title="raises the score: +2.00; alone logit 1.50">' in html
    assert "A &lt;b&gt;bold&lt;/b&gt; claim.<sub>+2.00</sub>" in html
    assert '<span class="sp-hurts" title="lowers the score: -0.50' in html
    assert "Then &amp; then.<sub>-0.50</sub>" in html
    assert ">No more.</span>" in html
    assert "d&lt;i&gt; · logit 1.25" in html and "<b>" not in html
