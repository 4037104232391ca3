"""A collection of Milvus, searched as it is over its REST interface (v2). Nothing is written."""
