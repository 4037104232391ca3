"""Milvus behind its REST interface: Milvus Lite answers (its own schema, BM25, expressions), or a server of the real
core before 2.4, which has no such interface; this gives it the form.

Paths, bodies and codes are written from milvus.io/api-reference (RESTful v2) and the server's handlers, not from the
project's engine.
"""

from __future__ import annotations

import base64
import json
import logging
import sys
import threading
from pathlib import Path
from typing import Any

from pymilvus import AnnSearchRequest, DataType, Function, FunctionType, MilvusClient, MilvusException, RRFRanker

from tests.retrieval.engines.http_server import KEY, Asked, HttpServer

TYPES = {DataType.VARCHAR: "VarChar", DataType.JSON: "JSON", DataType.FLOAT_VECTOR: "FloatVector",
         DataType.SPARSE_FLOAT_VECTOR: "SparseFloatVector", DataType.INT64: "Int64", DataType.BOOL: "Bool",
         DataType.FLOAT: "Float", DataType.DOUBLE: "Double", DataType.ARRAY: "Array"}  # fmt: skip
for name in ("milvus_lite", "pymilvus"):
    logging.getLogger(name).setLevel(logging.CRITICAL)


class MilvusServer:
    """Collections are made by the test, through `client`. at: a folder of Milvus Lite, or the address of a server."""

    def __init__(self, at: Path | str, port: int = 0) -> None:
        self.client = MilvusClient(at if isinstance(at, str) else str(at / "lite.db"))
        self.http = HttpServer(self.answer, port)

    def close(self) -> None:
        """Stop the interface, then leave the database."""
        self.http.stop()
        self.client.close()

    def answer(self, asked: Asked) -> tuple[int, Any]:
        given = asked.headers.get("authorization", "")
        if given not in (f"Bearer {KEY}", "Basic " + base64.b64encode(f"root:{KEY}".encode()).decode()):
            return 401, {"code": 1800, "message": "user hasn't authenticated"}
        version, base, *path = asked.path
        if (asked.method, version, base) != ("POST", "v2", "vectordb"):
            return 404, "404 page not found"
        try:
            return 200, {"code": 0, "cost": 0, "data": PATHS["/".join(path)](self.client, asked.body)}
        except MilvusException as exc:
            return 200, {"code": exc.code, "message": exc.message}


def described(client: MilvusClient, body: Any) -> Any:
    name = body["collectionName"]
    told = client.describe_collection(name)
    indexes = [client.describe_index(name, one) for one in client.list_indexes(name)]
    return {
        "collectionName": name,
        "enableDynamicField": told["enable_dynamic_field"],
        "fields": [
            {
                "name": one["name"],
                "type": TYPES[one["type"]],
                "primaryKey": one.get("is_primary", False),
                "autoId": False,
                "nullable": one.get("nullable", False),
                "params": [{"key": key, "value": str(value)} for key, value in one["params"].items()],
            }
            for one in told["fields"]
        ],
        "functions": [
            {"name": one["name"], "type": int(one["type"]), "inputFieldNames": list(one["input_field_names"]),
             "outputFieldNames": [field["name"] for field in told["fields"] if field.get("is_function_output")]}
            for one in told.get("functions", [])
        ],
        "indexes": [{"fieldName": one["field_name"], "indexName": one["index_name"], "metricType": one["metric_type"]}
                    for one in indexes],
        "load": "LoadStateLoaded",
    }  # fmt: skip


def searched(client: MilvusClient, body: Any) -> Any:
    (found,) = client.search(
        body["collectionName"], body["data"], filter=body.get("filter", ""), limit=body["limit"],
        output_fields=body["outputFields"], anns_field=body["annsField"], partition_names=body.get("partitionNames"),
        **level(body),
    )  # fmt: skip
    return [found_row(one) for one in found]


def level(body: Any) -> dict[str, str]:
    return {"consistency_level": body["consistencyLevel"]} if "consistencyLevel" in body else {}


def found_row(one: Any) -> Any:
    """The primary key is `id`, whatever it is called."""
    key = next(value for name, value in one.items() if name not in ("distance", "entity"))
    return {"distance": one["distance"], "id": key, **one["entity"]}


def row_of(row: Any) -> Any:
    """What is in a field of JSON is a text."""
    return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}


def fused(client: MilvusClient, body: Any) -> Any:
    requests = [
        AnnSearchRequest(one["data"], one["annsField"], {}, one["limit"], expr=one.get("filter") or None)
        for one in body["search"]
    ]
    assert body["rerank"]["strategy"] == "rrf"
    (found,) = client.hybrid_search(
        body["collectionName"],
        requests,
        RRFRanker(body["rerank"]["params"]["k"]),
        body["limit"],
        body["outputFields"],
        **level(body),
    )
    return [found_row(one) for one in found]


def created(client: MilvusClient, body: Any) -> Any:
    """The schema alone; its indexes and loading are requests of their own."""
    given = body["schema"]
    schema = client.create_schema(auto_id=given["autoID"], enable_dynamic_field=given["enableDynamicField"])
    for one in given["fields"]:
        kind = next(kind for kind, name in TYPES.items() if name == one["dataType"])
        schema.add_field(one["fieldName"], kind, is_primary=one.get("isPrimary", False), **one["elementTypeParams"])
    for one in given.get("functions", []):
        kind = FunctionType[one["type"]]
        schema.add_function(Function(one["name"], kind, one["inputFieldNames"], one["outputFieldNames"]))
    client.create_collection(
        body["collectionName"], schema=schema, consistency_level=body["params"]["consistencyLevel"]
    )
    return {}


def index_made(client: MilvusClient, body: Any) -> Any:
    params = client.prepare_index_params()
    for one in body["indexParams"]:
        metric = {"metric_type": one["metricType"]} if "metricType" in one else {}
        params.add_index(one["fieldName"], one["indexType"], one["indexName"], **metric)
    client.create_index(body["collectionName"], params, sync=False)
    return {}


def loaded(client: MilvusClient, body: Any) -> Any:
    """That it is being loaded: a server does not wait for it."""
    client.load_collection(body["collectionName"], _async=True)
    return {}


def deleted(client: MilvusClient, body: Any) -> Any:
    client.delete(body["collectionName"], filter=body["filter"])
    return {}


def done(call: Any) -> Any:
    """What only does something with a collection."""

    def answered(client: MilvusClient, body: Any) -> Any:
        call(client, body["collectionName"])
        return {}

    return answered


def queried(client: MilvusClient, body: Any) -> Any:
    if body["outputFields"] == ["count(*)"]:  # Lite counts all partitions together
        rows = queried(client, {**body, "outputFields": ["*"], "limit": 16_384})
        return [{"count(*)": len(rows)}]
    limit = {"limit": body["limit"]} if "limit" in body else {}
    found = client.query(body["collectionName"], filter=body.get("filter", ""), output_fields=body["outputFields"],
                         partition_names=body.get("partitionNames"), **limit, **level(body))  # fmt: skip
    return [row_of({name: value for name, value in row.items() if name != "words"}) for row in map(dict, found)]


PATHS = {
    "collections/list": lambda client, _: client.list_collections(),
    "collections/describe": described,
    "entities/search": searched,
    "entities/hybrid_search": fused,
    "entities/query": queried,
    "collections/create": created,
    "collections/drop": done(MilvusClient.drop_collection),
    "collections/load": loaded,
    "collections/get_load_state": lambda client, body: {
        "loadState": f"LoadState{client.get_load_state(body['collectionName'])['state'].name}"
    },
    "indexes/create": index_made,
    "entities/upsert": lambda client, body: {
        "upsertCount": client.upsert(body["collectionName"], body["data"])["upsert_count"]
    },
    "entities/delete": deleted,
}


if __name__ == "__main__":
    MilvusServer(Path(sys.argv[1]), int(sys.argv[2]))
    threading.Event().wait()
