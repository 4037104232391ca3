"""A plain BERT classifier is loaded without torch and sentence-transformers, whose imports take seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.platt import PlattScaling
from rag_core.rerank.shipped import MODELS

SHIPPED = next(MODELS.glob("second-pass-*"))
QUERY = "How long do I have to ask for a refund?"
PASSAGES = ["Within 30 days of the purchase.", "The Danube flows through ten countries. " * 20, ""]

SCRIPT = """
import socket, sys

def refuse(self, address):
    raise OSError(f"asked for {address}")

socket.socket.connect = refuse
from rag_core.rerank.cross_encoder import CrossEncoderReranker

print(len(CrossEncoderReranker(sys.argv[1]).score("How long?", ["Thirty days."]).pairs))
heavy = {"torch", "transformers", "sentence_transformers", "openvino_telemetry"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_the_shipped_model_needs_neither_network_nor_torch() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(SHIPPED)], capture_output=True, text=True)
    assert done.stdout.strip() == "1", done.stderr


def test_its_scores_in_torch_are_those_of_sentence_transformers() -> None:
    from sentence_transformers import CrossEncoder

    peer = CrossEncoder(str(SHIPPED), device="cpu", activation_fn=torch.nn.Identity())
    logits = peer.predict([(QUERY, passage) for passage in PASSAGES], show_progress_bar=False)
    calibration = PlattScaling.of(SHIPPED)
    ours = [pair.score for pair in CrossEncoderReranker(str(SHIPPED), backend="torch").score(QUERY, PASSAGES).pairs]
    assert ours == pytest.approx([calibration.apply(float(logit)) for logit in logits], abs=1e-4)
