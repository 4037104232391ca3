"""Optional packages: which extra of `second-pass` installs each one."""

from __future__ import annotations

EXTRAS: dict[str, str] = {
    "streamlit": "app",
    "plotly": "app",
    "authlib": "app",
    "openai": "chat",
    "httpx": "hosted",
    "torch": "torch",
    "transformers": "torch",
    "sentence_transformers": "torch",
    "rerankers": "t5",
    "onnxruntime": "onnx",
    "datasets": "train",
    "accelerate": "train",
    "psycopg": "postgres",
    "pymilvus": "milvus",
    "grpc": "milvus",
    "starlette": "collect",
    "uvicorn": "collect",
    "opentelemetry": "collect",
    "mcp": "mcp",
}
"""Module -> the extra of pyproject.toml that it comes with."""


def install_command(*modules: str) -> str:
    """What to type to get these modules.

    >>> install_command("torch", "transformers")
    "pip install 'second-pass[torch]'"
    >>> install_command("openvino")
    'pip install openvino'
    """
    extras = sorted({EXTRAS[module] for module in modules if module in EXTRAS})
    others = [module for module in modules if module not in EXTRAS]
    ours = [f"'second-pass[{','.join(extras)}]'"] if extras else []
    return " ".join(["pip install", *ours, *others])
