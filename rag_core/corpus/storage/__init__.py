"""Named collections on disk: versions, checksums, shared and private ones."""
