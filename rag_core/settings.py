"""`Settings`: what a process is told by its environment."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag_core.installation.locations import app_folder, data_folder


class Settings(BaseSettings):
    """Per-process settings, from the environment: `SECOND_PASS_DATA_DIR=/srv/second-pass` and so on."""

    model_config = SettingsConfigDict(env_prefix="SECOND_PASS_", frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=data_folder)
    """Collections, scores and cases; see `locations.data_folder`."""
    sample_dir: Path = Field(default_factory=lambda: app_folder() / "sample_corpus")
    embedding_model: str = "packaged"
    """The model of new collections that name none: `packaged` (the all-MiniLM-L6-v2 that comes with the project), a
    folder, a hub name, or one behind HTTP (`openai:text-embedding-3-small`; see `retrieval.embedders.naming`)."""
    keep_vectors_mb: Annotated[int, Field(ge=0)] = 2048
    """Up to how many MiB vectors of embedding services are kept, so that no text is paid for twice; 0: none are."""
    device: Literal["cpu", "cuda", "mps"] = "cpu"
    exact_limit: Annotated[int, Field(ge=0)] = 50_000
    """Collections up to this many passages are searched exactly; larger ones through HNSW."""
    engine: str = "faiss"
    """What holds the vectors of collections that are indexed from now on: a name of `retrieval.engines.registry`."""
    token_vectors_mb: Annotated[int, Field(ge=0)] = 512
    """Collections keep their passages' token vectors where these take up to so many MiB; 0: never."""
    convert_models: bool = True
    """Convert cross-encoders and embedding models that torch would run to OpenVINO, once each, into the data folder;
    false: run them in torch."""
    own_models: bool = True
    """Whether visitors may name models, folders and servers of their own, and let a model run its own code. Those who
    neither sit at this machine nor have logged in may not, whatever this says."""
    strangers_may_run_code_here: bool = False
    """Treat everybody who can reach the app like one who has logged in. They can then make this machine call
    addresses, read folders, download models and run a model's own Python code."""
    collect: str = ""
    """Where the app collects runs and traces beside itself: a port of this machine, or `host:port`; empty: nowhere."""
    retrievers: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = None
    """A JSON file of live retrievers that everyone may ask, by name (see `rag_core.runs.live.named`); empty: none."""
    indexes: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = None
    """A JSON file of indexes that everyone may search, by name (see `rag_core.retrieval.engines.named_indexes`); empty:
    none."""
    stores: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = None
    """A JSON file of databases that take collections, by name (see `rag_core.retrieval.engines.stores`); empty: files
    alone do."""
    strangers_may_read_runs: bool = False
    """Let everybody who can reach the app read the recorded runs: what people asked, and what they were answered."""

    @property
    def token_vectors_bytes(self) -> int:
        """`token_vectors_mb` in bytes."""
        return self.token_vectors_mb * 2**20


def current_settings() -> Settings:
    """The environment's settings as they are now. The environment is read again only where it has changed: a page asks
    a dozen times a run."""
    return _read(tuple(sorted(one for one in os.environ.items() if one[0].startswith(_READ))))


_READ = (str(Settings.model_config["env_prefix"]), "XDG_DATA_HOME", "HOME")
"""Variables on which the settings and their default folders depend."""


@lru_cache(maxsize=8)
def _read(_environment: tuple[tuple[str, str], ...]) -> Settings:
    return Settings()
