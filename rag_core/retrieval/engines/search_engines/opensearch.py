"""`OpenSearchIndex`: as `ElasticsearchIndex`, but for its flavour and its search pipelines."""

from __future__ import annotations

from typing import ClassVar

from rag_core.retrieval.engines.search_engines.flavours import OPENSEARCH, Flavour
from rag_core.retrieval.engines.search_engines.index import ElasticsearchIndex


class OpenSearchIndex(ElasticsearchIndex):
    """One index of OpenSearch, or an alias."""

    flavour: ClassVar[Flavour] = OPENSEARCH

    def _pipeline(self) -> str:
        answer = self.server.ask("GET", f"{self._path}/_settings/index.search.default_pipeline")
        found = [one.get("settings", {}).get("index", {}).get("search", {}) for one in answer.values()]
        return next((str(one["default_pipeline"]) for one in found if one.get("default_pipeline")), "")
