"""How an index is described: what may stand there, where it is, which one it is."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, MissingPackage
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields, index_config_of
from rag_core.retrieval.engines.index_kinds import KINDS, IndexKind, connect, kind_named

PG = {"kind": "pgvector", "address": "postgresql://reader@db:5432/app", "index": "public.chunks"}


def test_it_says_where_it_is_without_the_user() -> None:
    assert IndexConfig(**PG).place == "db:5432/app, public.chunks"
    assert IndexConfig(kind="qdrant", address="http://localhost:6333/", index="docs").place == "localhost:6333, docs"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://reader:hunter2@db/app",
        "postgresql://db/app?password=hunter2",
        "https://x.example?api_key=hunter2",
        "https://x.example?token=hunter2",
        "localhost",
        "http://a b",
        "",
    ],
)
def test_an_address_holds_no_secret_and_is_one(address: str) -> None:
    with pytest.raises(BadInput) as caught:
        index_config_of(PG | {"address": address})
    assert "The address" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_same_index_is_known_again_whatever_it_is_called() -> None:
    one = IndexConfig(**PG)
    assert one.identity == IndexConfig(**PG, name="Other", fields=IndexFields(text="body"), timeout_s=3).identity
    others = [PG | {"index": "public.other"}, PG | {"address": "postgresql://db/app"}, PG | {"namespace": "n"}]
    assert len({one.identity, *(IndexConfig(**other).identity for other in others)}) == 4


def test_a_field_of_a_filter_is_the_mapped_one_or_metadata() -> None:
    fields = IndexFields(source="meta.origin", updated="changed", document="doc")
    assert [fields.of(one) for one in ("source", "updated_at", "document_id", "stars")] == [
        "meta.origin", "changed", "doc", "",
    ]  # fmt: skip


def test_kinds_have_names_of_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_what_is_no_kind_is_named() -> None:
    with pytest.raises(BadInput, match="There is no type of index 'none'"):
        kind_named("none")
    with pytest.raises(BadInput, match="There is no type of index 'none'"):
        connect(IndexConfig(**PG | {"kind": "none"}), SecretStr("x"))


def test_a_kind_says_what_to_install_and_what_its_class_lacks() -> None:
    row = IndexKind("x", "X", f"{__name__}:Half", "table", "x://", packages=("no_such_package",))
    with pytest.raises(MissingPackage, match="X needs the package no_such_package"):
        row.connect(IndexConfig(**PG), None)
    half = IndexKind("x", "X", f"{__name__}:Half", "table", "x://")
    with pytest.raises(BadInput, match="Half has no describe and no "):
        half.describe(IndexConfig(**PG), None)


class Half:
    def connect(self) -> None: ...

    def indexes(self) -> None: ...
