"""Convert the transformer of an embedding model to an OpenVINO graph. `converted` runs this in a process of its own.

    python -m rag_core.retrieval.embedders.conversion MODEL_FOLDER OUTPUT_FOLDER

What it writes is compared with torch by the vectors of whole texts, from a few tokens up to the model's limit, each
with its prompt, pooled and normalised as the model does it: how far they lie apart, and whether questions find passages
in the same order, whichever of the two made either. So vectors of both may lie side by side under one identity.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rag_core.errors import ModelError
from rag_core.inference import engine
from rag_core.inference.bert import INPUTS
from rag_core.rerank.weights.conversion import LENGTHS, SEED, main, save_graph, write_record
from rag_core.rerank.weights.torch_models import takes_types
from rag_core.retrieval.embedders.converted_states import has_transformer, put_in
from rag_core.retrieval.embedders.prompts import passage_prompt
from rag_core.retrieval.embedders.transformer import sentence_transformer

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

FARTHEST = {"fp32": 1e-5, "bf16": 1e-4}
"""How far a vector may lie from torch's, as 1 - cos, by precision."""
MOST_SWAPPED = 0.005
"""Share of pairs of passages that a question may find in another order: Kendall's tau of .99."""
LONGER = (1024, 2048)
"""Lengths in tokens beside those of pairs: passages are cut to 2,048 at most."""
RUNS = (0, 0, 1, 2, 4)
"""After how many tokens a passage repeats itself, as tables and lists do; 0: never. bf16 is farther off there."""
BATCH = 8


class Change(NamedTuple):
    """How the vectors of a conversion differ from torch's. `apart`: 1 - cos at most; `swapped`: see MOST_SWAPPED."""

    apart: float
    swapped: float

    def fits(self, precision: engine.Precision) -> bool:
        """Whether these vectors may lie beside torch's."""
        return self.apart <= FARTHEST[precision] and self.swapped <= MOST_SWAPPED


def convert(model_folder: Path, output: Path) -> None:
    """Write the graph, and in which precision it may run. Raises ModelError where in none."""
    encoder = sentence_transformer(str(model_folder), model_folder, "cpu")
    if not has_transformer(encoder):
        raise ModelError("it has no transformer")
    model = encoder[0].auto_model
    names = INPUTS if takes_types(model) else INPUTS[:2]
    save_graph(_States(model, names), names, output)
    questions, passages = _texts(encoder)
    theirs = _vectors(encoder, questions, passages)
    changes: dict[engine.Precision, Change] = {}
    for precision in dict.fromkeys(("fp32", engine.best_precision())):
        put_in(encoder, output, precision)
        changes[precision] = _change(_vectors(encoder, questions, passages), theirs)
    fits = [precision for precision, change in changes.items() if change.fits(precision)]
    if "fp32" not in fits:
        apart, swapped = changes["fp32"]
        raise ModelError(f"its vectors differ from torch's by 1 - cos of {apart:.2g}, with {swapped:.1%} out of order")
    write_record(output, fits[-1], {precision: change._asdict() for precision, change in changes.items()})


def _States(model: Any, names: tuple[str, ...]) -> Any:  # noqa: N802 - a class, made where torch is imported
    """A module that gives the last hidden states, shape (texts, width, hidden)."""
    import torch

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return self.model(**dict(zip(names, inputs, strict=True))).last_hidden_state

    return States().eval()


def _texts(encoder: Any) -> tuple[list[str], list[str]]:
    """Questions and passages: random tokens of each length as passages, the first half of each as a question."""
    rng = np.random.default_rng(SEED)
    limit = min(encoder.max_seq_length or LONGER[-1], LONGER[-1])
    lengths = sorted({min(one, limit) for one in (*LENGTHS, *LONGER)})
    drawn = [
        np.resize(rng.integers(0, len(encoder.tokenizer), run or length), length).tolist()
        for length in lengths
        for run in RUNS
    ]
    halves = [ids[: max(1, len(ids) // 2)] for ids in drawn]
    questions, passages = (
        [encoder.tokenizer.decode(ids, skip_special_tokens=True) for ids in of] for of in (halves, drawn)
    )
    return questions, passages


def _vectors(encoder: Any, questions: list[str], passages: list[str]) -> tuple[Vectors, Vectors]:
    """Unit vectors as the app asks for them, of questions and of passages."""
    how = {"batch_size": BATCH, "normalize_embeddings": True, "show_progress_bar": False}
    prompt = passage_prompt(encoder.prompts)
    return encoder.encode_query(questions, **how), encoder.encode_document(passages, prompt=prompt, **how)


def _change(ours: tuple[Vectors, Vectors], theirs: tuple[Vectors, Vectors]) -> Change:
    cosines = np.concatenate([(one * other).sum(axis=1) for one, other in zip(ours, theirs, strict=True)])
    apart = float((1 - cosines).max())  # no number where a vector is none, which fits nothing
    wanted = _order(*theirs)
    mixed = [(ours[0], ours[1]), (ours[0], theirs[1]), (theirs[0], ours[1])]
    return Change(apart, max(float((_order(*one) != wanted).mean()) for one in mixed))


def _order(questions: Vectors, passages: Vectors) -> Any:
    """For each question and two passages, which is nearer, shape (questions, passages, passages)."""
    near = questions @ passages.T
    return near[:, :, None] > near[:, None, :]


if __name__ == "__main__":
    main(convert)
