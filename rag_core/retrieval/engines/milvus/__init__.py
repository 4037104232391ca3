"""A collection of Milvus over its REST interface (v2): somebody else's is searched as it is, our own are written."""
