"""A passage with the sentences marked that carried or hurt its score. An attribution in, HTML out; all escaped."""

from __future__ import annotations

import html

from rag_core.analysis.sentence_attribution import Attribution, Role, SentenceEffect
from rag_core.report.escaped import emphasised
from rag_core.wording.numbers import score_text

TITLES: dict[Role, str] = {
    "carries": "raises the score",
    "hurts": "lowers the score",
    "neither": "hardly matters",
    "unread": "not read by the reranker",
}


def markup(attribution: Attribution) -> str:
    """Every sentence in a span of its role; its effect stands behind it where it carries or hurts."""
    text, pieces, at = attribution.passage.text, [], 0
    for effect in attribution.effects:
        pieces.append(html.escape(text[at : effect.start]))
        pieces.append(_sentence(attribution, effect))
        at = effect.end
    pieces.append(html.escape(text[at:]))
    head = html.escape(f"{attribution.passage.heading or attribution.passage.name}")
    score = html.escape(score_text(attribution.whole, attribution.space))
    body = "".join(pieces)
    return f'<div class="sp-path">{head} · {score}</div><div class="sp-passage" data-testid="attribution">{body}</div>'


def _sentence(attribution: Attribution, effect: SentenceEffect) -> str:
    words = emphasised(html.escape(attribution.text_of(effect)))
    telling = " sp-telling" if effect == attribution.telling else ""
    alone = score_text(effect.alone, attribution.space)
    title = html.escape(f"{TITLES[effect.role]}: {effect.effect:+.2f}; alone {alone}", quote=True)
    amount = f"<sub>{effect.effect:+.2f}</sub>" if effect.role in ("carries", "hurts") else ""
    return f'<span class="sp-{effect.role}{telling}" title="{title}">{words}{amount}</span>'
