"""A model from the hub to this disk: how large it is, then its files, with progress. Where it then lies is `hub`'s.

Only safetensors and ONNX/OpenVINO files are taken: a pickled file can run code. Python files are taken only where its
user trusts that model's code.
"""

from __future__ import annotations

import fnmatch
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rag_core.errors import ModelError, first_line
from rag_core.rerank.weights.hub import modules_of
from rag_core.schema.progress import Progress

T = TypeVar("T")
TIMEOUT_S = 10.0
TICK_S = 0.1
FILES = (
    "*.json",
    "*.txt",
    "*.model",
    "*.safetensors",
    "artifact.metadata",
    "onnx/model.onnx",
    "openvino/openvino_model.*",
)
CODE = ("*.py",)
INSTEAD = "Give a local folder, or choose a reranker that needs no download."


@dataclass(frozen=True)
class DownloadPlan:
    """What a download would bring: how many files, how many bytes."""

    name: str
    files: int
    size: int


def plan_download(name: str, trust_remote_code: bool = False) -> DownloadPlan:
    """What the hub has of that model. Asks the hub, downloads nothing. Raises ModelError in words for a user."""
    with _in_words(name):
        from huggingface_hub import HfApi

        # Asked first because it fails at once where there is no network; a download retries for minutes.
        info = HfApi().model_info(name, timeout=TIMEOUT_S, files_metadata=True)
        wanted = _patterns(trust_remote_code)
        files = [one for one in info.siblings or () if any(fnmatch.fnmatch(one.rfilename, like) for like in wanted)]
        return DownloadPlan(name=name, files=len(files), size=sum(one.size or 0 for one in files))


def download(name: str, trust_remote_code: bool = False, progress: Progress | None = None) -> Path:
    """The model's folder in the hub's cache. `progress` is called in the caller's thread with bytes done, of how many.

    What was fetched is kept where it breaks off; the next call goes on from there. Raises ModelError.
    """
    found = plan_download(name, trust_remote_code)
    done = _Counter()
    with _in_words(name):
        future = _beside(lambda: _snapshot(found, trust_remote_code, done))
        while not future.done():
            if progress:
                progress(min(done.bytes, found.size), found.size)
            _wait(future)
        folder = future.result()
    if progress:
        progress(found.size, found.size)
    return folder


def _snapshot(found: DownloadPlan, trust_remote_code: bool, done: _Counter) -> Path:
    from huggingface_hub import snapshot_download

    folder = Path(
        snapshot_download(
            found.name,  # by its branch, not the commit: only then the cache finds it again by name
            allow_patterns=[*_patterns(trust_remote_code)],
            etag_timeout=TIMEOUT_S,
            tqdm_class=done.bar(),
        )
    )
    if trust_remote_code:
        for repo in {repo for repo, _ in modules_of(folder) if repo and repo != found.name}:
            snapshot_download(repo, allow_patterns=[*CODE], etag_timeout=TIMEOUT_S)
    return folder


def _patterns(trust_remote_code: bool) -> Sequence[str]:
    return (*FILES, *CODE) if trust_remote_code else FILES


class _Counter:
    """Bytes that the hub's client reports to its progress bars. It counts each byte in several; the fullest one is
    right."""

    def __init__(self) -> None:
        self._bars: list[Any] = []

    @property
    def bytes(self) -> int:
        return max((int(bar.counted) for bar in self._bars), default=0)

    def bar(self) -> type[Any]:
        """A silent progress bar that reports here."""
        from tqdm import tqdm

        bars = self._bars

        class Bar(tqdm):  # type: ignore[misc]
            def __init__(self, *args: Any, **options: Any) -> None:
                self.counted = 0
                if options.get("unit") == "B":
                    bars.append(self)
                super().__init__(*args, **{**options, "disable": True})

            def update(self, n: float | None = 1) -> bool | None:
                self.counted += int(n or 0)
                return None

        return Bar


def _beside(work: Callable[[], T]) -> Future[T]:
    """Run it in a thread that does not keep the process alive."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as exc:  # noqa: BLE001 - it is raised again where the result is read
            future.set_exception(exc)

    threading.Thread(target=run, daemon=True, name="model-download").start()
    return future


def _wait(future: Future[Any]) -> None:
    try:
        future.exception(timeout=TICK_S)
    except TimeoutError:
        return


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """The hub's failures as a sentence that says what to do."""
    if offline():
        raise ModelError(
            f"{name} is not on this machine, and HF_HUB_OFFLINE is set, so it cannot be downloaded. {INSTEAD}"
        )
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    try:
        yield
    except HFValidationError as exc:
        raise ModelError(f"{name!r} is neither a folder on this machine nor a name of the model hub.") from exc
    except GatedRepoError as exc:
        raise ModelError(f"{name} asks for its terms to be accepted on the model hub, and a HF_TOKEN.") from exc
    except RepositoryNotFoundError as exc:
        raise ModelError(f"The model hub has no model {name}, or it is private. Check the name.") from exc
    except HfHubHTTPError as exc:
        raise ModelError(f"The model hub refused {name}: {first_line(exc)}") from exc
    except OSError as exc:
        raise ModelError(f"{name} could not be fetched from the model hub ({first_line(exc)}). {INSTEAD}") from exc
    except Exception as exc:  # whichever HTTP library the hub's client uses today
        raise ModelError(
            f"{name} is not on this machine and the model hub cannot be reached ({first_line(exc)}). {INSTEAD}"
        ) from exc


def offline() -> bool:
    """True where HF_HUB_OFFLINE forbids to ask the hub."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
