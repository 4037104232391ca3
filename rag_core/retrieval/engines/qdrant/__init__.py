"""A collection of Qdrant, searched as it is over its REST interface. Nothing is written."""
