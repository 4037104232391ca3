"""Models that are loaded before anybody has asked, so that the first question of a process waits for none."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from rag_core.errors import SecondPassError
from rag_core.rerank.catalogue import CATALOGUE, LATE_INTERACTION, NONE, get_reranker
from rag_core.retrieval.embedders.packaged_encoder import passage_encoder
from rag_core.settings import Settings

logger = logging.getLogger(__name__)

_choosing = threading.Lock()
_begun: set[tuple[str, str]] = set()


def load_ahead(rerankers: Iterable[str], settings: Settings) -> threading.Thread | None:
    """Begin to load, in the background, those of the rerankers that ship with the project, each once a process.

    Others are left to the question that wants them: their weights may have to be fetched first, or a service bills
    them. Late interaction brings the packaged embedding model, which reads questions, passages and sentences.

    Returns the thread that loads, or None where nothing is left to load. A model that cannot be loaded is logged; the
    question that needs it says so.
    """
    with _choosing:
        asked = {(key, settings.device): None for key in rerankers if key in CATALOGUE and key != NONE}
        due = [one for one in asked if one not in _begun]
        _begun.update(due)
    if not due:
        return None
    thread = threading.Thread(target=_load, args=([key for key, _ in due], settings), name="load-ahead", daemon=True)
    thread.start()
    return thread


def _load(keys: Iterable[str], settings: Settings) -> None:
    for key in keys:
        try:
            get_reranker(key, settings).load()
            if key.endswith(LATE_INTERACTION):
                passage_encoder(settings.device)
        except SecondPassError as exc:
            logger.warning("%s could not be loaded ahead of the first question: %s", key, exc)
