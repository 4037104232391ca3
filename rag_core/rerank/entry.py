"""What the catalogue knows about one reranker."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rag_core.schema.base import Frozen
from rag_core.schema.price import Price
from rag_core.schema.spaces import ScoreSpace

Requirement = Literal["nothing", "key", "address", "download", "code", "serving", "another server", "chat"]


class Entry(Frozen):
    """One reranker.

    key                what a policy names it by
    kind               the row of the registry it belongs to; `none` for no reranking
    model              a folder, a hub name, or a service's model name
    size               parameters, as the maker states them; empty if unknown
    download_mb        largest possible size of its weights, in MB; None if nothing is downloaded
    context            tokens it reads of a question with one passage; None: unknown, or up to the server
    default_threshold  a probability, if the model is calibrated well enough to have one
    price              of a hosted model, if a source is known
    needs              what it needs before you can use it:
                       nothing | key (hosted) | address (your server) | download (weights) | code (weights and Python
                       code that comes with them) | serving (an architecture only servers run) | another server |
                       chat (a chat model)
    """

    key: Annotated[str, Field(min_length=1)]
    label: str
    kind: str
    model: str = ""
    maker: str = ""
    licence: str = ""
    size: str = ""
    download_mb: Annotated[int | None, Field(ge=1)] = None
    languages: str = ""
    context: Annotated[int | None, Field(ge=1)] = None
    space: ScoreSpace
    default_threshold: float | None = None
    price: Price | None = None
    needs: Requirement = "nothing"
    note: str = ""
