"""Train the cross-encoder on the groups of `mix.py` with sentence-transformers' trainer; stop and resume at will.

The backbone is a bi-encoder, or a cross-encoder that was trained before; its embedding matrix and lowest layers stay as
they are. The learning rate warms up and then falls to zero over --steps or over --minutes, whichever runs out first, so
that a run on a slow machine still ends annealed. Choosing among the checkpoints is `choose.py`'s.

    python -m training.train OUT/train.jsonl RUN --backbone FOLDER --minutes 100
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sentence_transformers import CrossEncoder
from sentence_transformers.base.sampler import DefaultBatchSampler
from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import TrainerCallback

from training.data import read_rows
from training.loss import AnswerLoss

GROUPS_A_BATCH = 4
SORTED_SPAN = 400


class InOrder(DefaultBatchSampler):
    """Batches in the order of the data set, which `arrange` has shuffled already."""

    def __init__(self, dataset: Any, **options: Any) -> None:
        super().__init__(range(len(dataset)), batch_size=options["batch_size"], drop_last=True)


class Clock(TrainerCallback):
    """Minutes of training so far, kept across restarts, and the end of training when they are used up."""

    def __init__(self, file: Path, minutes: float) -> None:
        self.file, self.minutes = file, minutes
        self.before = json.loads(file.read_text())["minutes"] if file.exists() else 0.0
        self.start = time.monotonic()

    def used(self) -> float:
        """Share of the minutes used, 0 to 1."""
        return min(1.0, (self.before + (time.monotonic() - self.start) / 60) / self.minutes)

    def on_step_end(self, _args: Any, _state: Any, control: Any, **_: Any) -> None:
        if self.used() >= 1.0:
            control.should_training_stop = control.should_save = True

    def on_save(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
        self.file.write_text(json.dumps({"minutes": self.used() * self.minutes}))


def arrange(rows: list[dict[str, Any]], seed: int, batch: int = GROUPS_A_BATCH) -> Iterator[dict[str, Any]]:
    """Whole batches of groups of one size and like length, shuffled; up to a batch of each size is left over."""
    rng = random.Random(seed)
    rng.shuffle(rows)
    batches = []
    for size in sorted({len(row["documents"]) for row in rows}):
        alike = [row for row in rows if len(row["documents"]) == size]
        for start in range(0, len(alike), SORTED_SPAN):
            span = sorted(alike[start : start + SORTED_SPAN], key=lambda r: max(len(d) for d in r["documents"]))
            batches += [span[i : i + batch] for i in range(0, len(span) - batch + 1, batch)]
    rng.shuffle(batches)
    for one in batches:
        yield from one


def starting_point(backbone: str, folder: Path, seed: int) -> CrossEncoder:
    """A BertForSequenceClassification with one output on the backbone, saved so that a restart begins alike."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, set_seed

    if not folder.exists():
        set_seed(seed)
        model = AutoModelForSequenceClassification.from_pretrained(
            backbone, num_labels=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(backbone, model_max_length=512).save_pretrained(folder)
    # Eager attention: on a processor a quarter faster in training than the fused one.
    eager = {"attn_implementation": "eager"}
    start: CrossEncoder = CrossEncoder(str(folder), max_length=512, device=None, model_kwargs=eager)
    return start


def freeze(model: CrossEncoder, layers: int) -> None:
    """Keep the embedding matrix and the lowest `layers` layers as the backbone has them."""
    bert: Any = model.model.bert  # it is a BERT, as `starting_point` made it
    for module in (bert.embeddings, *bert.encoder.layer[:layers]):
        for parameter in module.parameters():
            parameter.requires_grad = False


def optimiser(model: CrossEncoder, rate: float) -> AdamW:
    """AdamW; the fresh head learns five times faster than the pre-trained layers."""
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    head = [p for name, p in trained if "classifier" in name or "pooler" in name]
    body = [p for name, p in trained if "classifier" not in name and "pooler" not in name]
    return AdamW([{"params": body, "lr": rate}, {"params": head, "lr": 5 * rate}], weight_decay=0.01, fused=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", type=Path)
    parser.add_argument("run", type=Path, help="folder for checkpoints; an existing one is resumed")
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--minutes", type=float, default=100.0)
    parser.add_argument("--steps", type=int, default=0, help="0: once through the groups")
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--warmup", type=int, default=100)
    parser.add_argument("--frozen-layers", type=int, default=2)
    parser.add_argument("--max-tokens", type=int, default=320)
    parser.add_argument("--batch", type=int, default=GROUPS_A_BATCH, help="groups a step; 32 on a GPU")
    parser.add_argument("--epochs", type=int, default=1, help="times through the groups, each in another order")
    parser.add_argument(
        "--bf16", action="store_true", help="autocast: faster on a GPU or a processor that has bfloat16"
    )
    parser.add_argument("--save-steps", type=int, default=150)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    train(args)


def train(args: argparse.Namespace) -> None:
    """One run, from the start or from the newest checkpoint of its folder."""
    from datasets import Dataset

    rows = read_rows(args.groups)
    orders = [arrange(rows, args.seed + epoch, args.batch) for epoch in range(args.epochs)]
    data = Dataset.from_list([row for order in orders for row in order])
    steps = args.steps or len(data) // args.batch
    model = starting_point(args.backbone, args.run / "start", args.seed)
    freeze(model, args.frozen_layers)
    clock = Clock(args.run / "clock.json", args.minutes)
    adamw = optimiser(model, args.rate)

    def rate(step: int) -> float:
        return float(min((step + 1) / args.warmup, 1 - max(step / steps, clock.used())))

    trainer = CrossEncoderTrainer(
        model=model,
        args=CrossEncoderTrainingArguments(
            output_dir=str(args.run),
            max_steps=steps,
            per_device_train_batch_size=args.batch,
            batch_sampler=InOrder,
            save_steps=args.save_steps,
            logging_steps=25,
            report_to="none",
            seed=args.seed,
            disable_tqdm=True,
            dataloader_pin_memory=model.device.type == "cuda",
            dataloader_drop_last=True,
            max_grad_norm=1.0,
        ),
        train_dataset=data,
        loss=AnswerLoss(model, args.max_tokens, args.bf16),
        optimizers=(adamw, LambdaLR(adamw, rate)),
        callbacks=[clock],
    )
    trainer.train(resume_from_checkpoint=any(args.run.glob("checkpoint-*")) or None)
    trainer.save_model(str(args.run / "final"))


if __name__ == "__main__":
    main()
