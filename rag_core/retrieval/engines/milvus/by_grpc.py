"""`GrpcServer`: a Milvus server by gRPC, through the package pymilvus, for what has no REST interface, as Milvus Lite.

It takes the requests that read, and answers as the REST interface does, so that `MilvusIndex` knows no difference.
Collections of our own are over REST alone.
"""

from __future__ import annotations

import base64
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, EngineGone, EngineRefused, EngineTimeout, MissingPackage
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.rest.client import STRUCK

if TYPE_CHECKING:
    from pymilvus import MilvusClient

SCHEMES = {"milvus+grpc": "http", "milvus+grpcs": "https"}
"""How an address says that it is one of gRPC, and what pymilvus calls it: without and with TLS."""

GONE, UNAVAILABLE = 2, "UNAVAILABLE"
"""pymilvus's code for a server that cannot be reached, and the usual status of gRPC for that."""

AT_ONCE = {"grpc.use_local_subchannel_pool": 1}
"""A server that is back is asked at once: what all channels share waits a second after a connection that broke."""

COUNT = ["count(*)"]
LITE = "milvus_lite"
"""What the version of Milvus Lite says, which without a filter counts all partitions where one is asked for."""


class GrpcServer:
    """One server. Safe to share between threads; connects when first asked."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        """Raises BadInput for an address that is not one of gRPC."""
        parts = urlsplit(config.address)
        if parts.scheme not in SCHEMES or not parts.hostname or parts.path or parts.query or parts.fragment:
            raise BadInput("The address must look like milvus+grpc://localhost:19530.")
        self.config = config
        self.place = config.with_(index="").place
        self._uri = f"{SCHEMES[parts.scheme]}://{parts.netloc.rpartition('@')[2]}"
        self._secret = secret.get_secret_value().strip() if secret else ""
        self._token = f"{unquote(parts.username)}:{self._secret}" if parts.username else self._secret
        self._lock = threading.Lock()
        self._clients: dict[str, MilvusClient] = {}
        weakref.finalize(self, _closed, self._clients)

    def ask(self, _method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the REST interface answers to that. Raises EngineError, MissingPackage."""
        try:
            import grpc
            from pymilvus import MilvusException
        except ImportError as exc:
            raise MissingPackage("pymilvus", "Milvus by gRPC") from exc
        answered = READS[path.removeprefix("/v2/vectordb/")]
        try:
            return {"code": 0, "data": answered(self._client(body.get("dbName", "")), body, self.config.timeout_s)}
        except grpc.RpcError as exc:
            raise self._failed(exc.code().name, str(exc.details())) from exc
        except MilvusException as exc:
            if isinstance(exc.code, grpc.StatusCode):
                raise self._failed(exc.code.name, exc.message) from exc
            if exc.code == GONE:
                why = exc.__context__  # pymilvus says that it cannot be reached, and this says why
                raise self._failed(why.code().name if isinstance(why, grpc.RpcError) else UNAVAILABLE, "") from exc
            return {"code": exc.code, "message": exc.message}

    def _failed(self, status: str, said: str) -> EngineError:
        """What a status of gRPC means."""
        said = self.struck(" ".join(said.split()))[:300].rstrip(".")
        if status == "DEADLINE_EXCEEDED":
            return EngineTimeout(self.config.place, self.config.timeout_s)
        if status in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
            return EngineRefused(self.place, said)
        if status == UNAVAILABLE:
            return EngineGone(self.place)
        return EngineError(f"{self.config.place} refused the request ({status}). It says: “{said}”.")

    def struck(self, said: str) -> str:
        """What a server says, without the secret."""
        return said.replace(self._secret, STRUCK) if self._secret else said

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        with self._lock:
            _closed(self._clients)

    def _client(self, database: str) -> MilvusClient:
        from pymilvus import MilvusClient

        with self._lock:
            if database not in self._clients:
                self._clients[database] = MilvusClient(
                    self._uri, token=self._token, db_name=database, timeout=self.config.timeout_s, dedicated=True,
                    grpc_options=AT_ONCE,
                )  # fmt: skip
            return self._clients[database]


def _closed(clients: dict[str, MilvusClient]) -> None:
    for one in clients.values():
        one.close()
    clients.clear()


Body = Mapping[str, Any]


def _described(client: MilvusClient, body: Body, timeout: float) -> dict[str, Any]:
    from pymilvus.grpc_gen.schema_pb2 import DataType

    name = body["collectionName"]
    told = client.describe_collection(name, timeout=timeout)
    indexes = [client.describe_index(name, one, timeout=timeout) for one in client.list_indexes(name, timeout=timeout)]
    fields = told["fields"]
    outputs = [one["name"] for one in fields if one.get("is_function_output")]
    return {
        "enableDynamicField": told["enable_dynamic_field"],
        "fields": [
            {
                "name": one["name"],
                "type": DataType.Name(int(one["type"])),
                "primaryKey": one.get("is_primary", False),
                "params": [{"key": key, "value": value} for key, value in one["params"].items()],
            }
            for one in fields
        ],
        "functions": [
            {"type": int(one["type"]), "outputFieldNames": one.get("output_field_names") or outputs}
            for one in told.get("functions") or []
        ],
        "indexes": [{"fieldName": one["field_name"], "metricType": one.get("metric_type", "")} for one in indexes],
    }


def _searched(client: MilvusClient, body: Body, timeout: float) -> list[dict[str, Any]]:
    (found,) = client.search(
        body["collectionName"], body["data"], filter=body["filter"], limit=body["limit"],
        output_fields=body["outputFields"], anns_field=body["annsField"], partition_names=body.get("partitionNames"),
        timeout=timeout,
    )  # fmt: skip
    return [_hit(one) for one in found]


def _fused(client: MilvusClient, body: Body, timeout: float) -> list[dict[str, Any]]:
    from pymilvus import AnnSearchRequest, RRFRanker

    asked = [
        AnnSearchRequest(one["data"], one["annsField"], {}, one["limit"], expr=one["filter"] or None)
        for one in body["search"]
    ]
    (found,) = client.hybrid_search(
        body["collectionName"], asked, RRFRanker(body["rerank"]["params"]["k"]), body["limit"], body["outputFields"],
        partition_names=body.get("partitionNames"), timeout=timeout,
    )  # fmt: skip
    return [_hit(one) for one in found]


def _queried(client: MilvusClient, body: Body, timeout: float) -> list[dict[str, Any]]:
    expression, counted = body["filter"], body["outputFields"] == COUNT
    if counted and not expression and body.get("partitionNames") and LITE in client.get_server_version(timeout):
        fields = client.describe_collection(body["collectionName"], timeout=timeout)["fields"]
        expression = f"not ({next(one['name'] for one in fields if one.get('is_primary'))} in [])"
    limit = {} if counted else {"limit": body["limit"]}
    found = client.query(
        body["collectionName"], filter=expression, output_fields=body["outputFields"], timeout=timeout,
        partition_names=body.get("partitionNames"), **limit,
    )  # fmt: skip
    return [{name: _plain(value) for name, value in row.items()} for row in map(dict, found)]


def _hit(one: Any) -> dict[str, Any]:
    """A row that was found; the primary key is `id`, whatever it is called."""
    key = next(value for name, value in one.items() if name not in ("distance", "entity"))
    return {"distance": one["distance"], "id": key, **one["entity"]}


def _plain(value: Any) -> Any:
    """A value as JSON has it: half-precision vectors are bytes."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


READS: dict[str, Callable[[Any, Body, float], Any]] = {
    "collections/list": lambda client, _body, timeout: client.list_collections(timeout=timeout),
    "collections/describe": _described,
    "entities/search": _searched,
    "entities/hybrid_search": _fused,
    "entities/query": _queried,
}
