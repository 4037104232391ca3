"""Fine-tune a cross-encoder on a set's judgments, and say on questions kept apart whether that helped.

    result = fine_tune(pipeline, labelled, measurements, policy, new_folder(Path("data/rerankers"), "mine"))
    result.headline        # the metric that decides, before and after, whichever way it went

The result is a folder that any sentence-transformers CrossEncoder loads; the policy's reranker
`cross-encoder:<folder>` uses it. The training pairs are made in `pairs.py`, the folders are listed in `models.py`.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag_core.errors import BadInput, MissingPackage, ModelError, first_line
from rag_core.evaluation import metrics
from rag_core.evaluation.compare import Comparison
from rag_core.evaluation.gather import build
from rag_core.evaluation.report import between, rankings_of
from rag_core.evaluation.score import measured
from rag_core.evaluation.sets import LabelledSet
from rag_core.finetune.models import METRICS, FineTuneResult, keep_record, taken
from rag_core.finetune.pairs import LEAST, Pair, pairs, sides, trainable_queries
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.local_models import CROSS_ENCODER as PREFIX
from rag_core.rerank.shipped import MODELS
from rag_core.rerank.weights.hub import local_folder
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.progress import Progress
from rag_core.schema.steps import StepName

EPOCHS = 2
BATCH = 16
RATE = 2e-5
MAX_TOKENS = 256


class Stopped(BadInput):
    """The user stopped the training. Nothing was written."""


def fine_tune(
    pipeline: Pipeline,
    labelled: LabelledSet,
    measurements: Mapping[str, Measurement],
    policy: Policy,
    folder: Path,
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
    least: int = LEAST,
) -> FineTuneResult:
    """Fine-tune the policy's reranker, write it to `folder`, examine both on the questions kept apart.

    The pipeline must know the reranker `cross-encoder:<folder>` (the catalogue does). Raises BadInput below `least`
    questions, for a reranker that is no local cross-encoder and for a folder that is there already; Stopped where
    `stopped` says so; MissingPackage and ModelError where training cannot run. Nothing half-done is left behind.
    """
    base = base_folder(policy.reranker)
    if folder.exists():
        raise taken(folder.name)
    split = sides(trainable_queries(labelled, measurements, policy), least=least)
    refusals = tuple(query.id for query in labelled.unanswerable if query.id in measurements)
    examples = pairs(labelled, measurements, policy, (*split.train, *refusals))
    begin = time.perf_counter()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".training-") as scratch:
        written = Path(scratch) / "model"
        train(base, examples, written, progress, stopped)
        try:
            written.rename(folder)
        except OSError as exc:
            raise ModelError(f"The model could not be written to {folder}: {first_line(exc)}") from exc
    seconds = time.perf_counter() - begin
    try:
        comparisons = examine(pipeline, labelled.only(split.held_out), measurements, policy, PREFIX + str(folder))
        result = FineTuneResult(
            name=folder.name,
            base=policy.reranker,
            key=PREFIX + str(folder),
            set_name=labelled.name,
            train=split.train,
            held_out=split.held_out,
            pairs=len(examples),
            seconds=seconds,
            comparisons=comparisons,
        )
        keep_record(folder, result)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return result


def base_folder(reranker: str) -> Path:
    """The folder of a local cross-encoder by its key. Raises BadInput for any other reranker."""
    shipped = MODELS / reranker
    if (shipped / "config.json").is_file():
        return shipped
    found = local_folder(reranker.removeprefix(PREFIX)) if reranker.startswith(PREFIX) else None
    if found is None:
        raise BadInput(f"{reranker} has no weights that could be trained. Choose a local cross-encoder.")
    return found


def train(
    base: Path, examples: Sequence[Pair], folder: Path, progress: Progress | None, stopped: Callable[[], bool]
) -> None:
    """Two passes over the pairs with binary cross-entropy, token embeddings left as they are; saved to `folder`.

    Pairs are cut at 256 tokens while training. Raises Stopped, MissingPackage, or ModelError in words.
    """
    try:
        import accelerate  # noqa: F401 - the trainer needs it, and says so only when it is made
        from datasets import Dataset
        from sentence_transformers import CrossEncoder
    except ImportError as exc:
        raise MissingPackage("datasets", "Fine-tuning") from exc
    rows = {"query": [one.query for one in examples], "passage": [one.passage for one in examples]}
    data = Dataset.from_dict({**rows, "label": [one.label for one in examples]})
    try:
        model = CrossEncoder(str(base), local_files_only=True, device="cpu")
        whole = model.max_seq_length
        model.max_seq_length = min(whole or MAX_TOKENS, MAX_TOKENS)
        for name, weights in model.named_parameters():
            weights.requires_grad = "word_embeddings" not in name
        _run_trainer(model, data, _watch(progress, stopped))
        model.max_seq_length = whole
        if not stopped():
            model.save_pretrained(str(folder), create_model_card=False)
    except (RuntimeError, ValueError, OSError) as exc:
        raise ModelError(f"Fine-tuning failed: {first_line(exc)}") from exc
    if stopped():
        raise Stopped("Training was stopped. Nothing was written.")


def _run_trainer(model: Any, data: Any, watch: Any) -> None:
    """sentence-transformers' own trainer, on the CPU, without files or progress bars of its own."""
    from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

    with tempfile.TemporaryDirectory() as scratch:
        options = CrossEncoderTrainingArguments(
            output_dir=scratch,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            warmup_steps=0.1,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
            seed=0,
        )
        loss = BinaryCrossEntropyLoss(model)
        CrossEncoderTrainer(model=model, args=options, train_dataset=data, loss=loss, callbacks=[watch]).train()


def examine(
    pipeline: Pipeline,
    held_out: LabelledSet,
    measurements: Mapping[str, Measurement],
    policy: Policy,
    tuned: str,
) -> dict[str, Comparison]:
    """Before and after by metric, on these questions and their same pools."""
    after = policy.with_(reranker=tuned)
    known = dict(measured(pipeline, held_out.judged, [policy, after], measurements))
    pools = build(known, held_out)
    qrels = {query.id: held_out.qrels[query.id] for query in held_out.judged}
    values = [
        metrics.by_ir_measures(METRICS, qrels, rankings_of(pools, one)[StepName.RERANKED]) for one in (policy, after)
    ]
    return {name: between(values[0][name], values[1][name]) for name in METRICS}


def _watch(progress: Progress | None, stopped: Callable[[], bool]) -> Any:
    """A trainer callback that tells how far it is and stops where it is told to."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
            if progress:
                progress(state.global_step, state.max_steps)
            control.should_training_stop = stopped()

    return Watch()
