"""A class of Weaviate, searched as it is over its REST and GraphQL interfaces. Nothing is written."""
