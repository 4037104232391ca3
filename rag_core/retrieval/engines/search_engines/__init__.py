"""An index of Elasticsearch or OpenSearch, searched as it is over its REST interface. Nothing is written."""
