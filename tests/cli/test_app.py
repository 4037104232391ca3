"""`second-pass app`: what it starts, and what it says where the app's packages are missing."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

import httpx
import pytest

from rag_core.installation.extras import EXTRAS
from tests.serving import free_port

ROOT = Path(__file__).parents[2]


def test_it_starts_the_app_from_any_folder_and_stops_when_told(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "rag_core", "app", "--no-browser", "--port", str(port), "--data-dir", "kept"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    log = tmp_path / "log"
    with log.open("wb") as out, subprocess.Popen(command, cwd=tmp_path, env=env, stdout=out, stderr=out) as server:
        try:
            answer(f"http://localhost:{port}/_stcore/health", server)
        finally:
            server.terminate()
    assert f"Data folder: {tmp_path / 'kept'}" in log.read_text()


def test_it_collects_from_the_start_where_the_environment_says_so(tmp_path: Path) -> None:
    port, collects = free_port(), free_port()
    command = [sys.executable, "-m", "rag_core", "app", "--no-browser", "--port", str(port), "--data-dir", "kept"]
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "SECOND_PASS_COLLECT": str(collects),
    }
    log = tmp_path / "log"
    with log.open("wb") as out, subprocess.Popen(command, cwd=tmp_path, env=env, stdout=out, stderr=out) as server:
        try:
            answer(f"http://localhost:{port}/_stcore/health", server)
            assert httpx.get(f"http://127.0.0.1:{collects}/health").json() == {"status": "ok"}
        finally:
            server.terminate()
    assert f"Collecting on http://127.0.0.1:{collects}" in log.read_text()


def test_it_does_not_start_where_it_cannot_collect(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rag_core", "app", "--no-browser", "--data-dir", str(tmp_path)]
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "SECOND_PASS_COLLECT": "0.0.0.0:4318",
    }
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "SECOND_PASS_TOKEN" in done.stderr


def answer(url: str, server: subprocess.Popen[bytes]) -> None:
    """Ask until the server answers. Raises where it has ended."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as reply:
                assert reply.read() == b"ok"
                return
        except OSError:
            server_wait(server)
    raise AssertionError("the server ended")


def server_wait(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(timeout=0.3)
    except subprocess.TimeoutExpired:
        return


@pytest.mark.parametrize("package", ["streamlit", "plotly"])
def test_without_the_extra_it_says_what_to_install(package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from rag_core.cli.main import main; sys.exit(main(['app']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert EXTRAS[package] == "app"
    assert done.returncode == 2
    assert done.stderr.strip().endswith("Install it with: pip install 'second-pass[app]'")
