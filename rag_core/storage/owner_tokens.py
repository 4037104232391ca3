"""Whose private collections these are: a token that this installation has signed, so that nobody can make one up.

A browser keeps the signed token in a cookie and shows it again after a reload, in another tab, and on later days. The
key lies in the data folder, readable by the server's user alone; without it every cookie is void.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

KEY_FILE = "owner.key"


def new_token() -> str:
    """A token that nobody can guess: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def token_of_account(account: str) -> str:
    """The token of somebody who has logged in: the same in every browser."""
    return hashlib.sha256(f"account:{account}".encode()).hexdigest()[:32]


def signed(token: str, data_dir: Path) -> str:
    """`token.signature`: what the browser keeps."""
    return f"{token}.{_signature(token, data_dir)}"


def verified(value: str | None, data_dir: Path) -> str | None:
    """The token in a value that this installation has signed; None for anything else."""
    token, _, signature = (value or "").partition(".")
    if not token or not hmac.compare_digest(signature.encode(), _signature(token, data_dir).encode()):
        return None
    return token


def _signature(token: str, data_dir: Path) -> str:
    return hmac.new(_key(data_dir), token.encode(), hashlib.sha256).hexdigest()


def _key(data_dir: Path) -> bytes:
    """The installation's key, made on first use; a second process that makes it at the same time reads the first's."""
    path = data_dir / KEY_FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        fresh = data_dir / f".{KEY_FILE}.{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(fresh, path)  # fails where the file is there by now
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
