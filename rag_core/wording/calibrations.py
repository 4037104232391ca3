"""What is told of a fitted calibration: one sentence each for its pairs, its best candidates and its threshold."""

from __future__ import annotations

from rag_core.evaluation.calibrating import PASSING, CalibrationFit
from rag_core.wording.numbers import count_of, threshold_text


def sentences(fit: CalibrationFit) -> list[str]:
    """How it holds, on questions that it was not fitted to."""
    pairs, best = fit.pairs, fit.best
    told = [
        f"Fitted on {count_of(fit.questions, 'question')} of {fit.set_name}, {fit.unanswerable} of them without an "
        f"answer; an answer has at least grade {fit.relevant_from}. Measured in five folds, each on the other four.",
        f"All {pairs.count:,} pairs: mean probability {pairs.mean:.3f}, {pairs.right:.1%} right, calibration error "
        f"(ECE) {pairs.error:.3f}, Brier score {pairs.brier:.3f}.",
        f"Best candidate of each question: mean probability {best.mean:.3f}, {best.right:.1%} right, calibration error "
        f"{best.error:.3f}, Brier score {best.brier:.3f}.",
    ]
    if fit.parted is not None:
        told.append(
            f"An answerable question's best is above an unanswerable one's in {fit.parted:.0%} of pairs; 50% would be "
            "chance."
        )
    return [*told, threshold_sentence(fit)]


def threshold_sentence(fit: CalibrationFit) -> str:
    """What the fitted threshold does to the questions."""
    found = fit.threshold
    told = f"Threshold {threshold_text(found.minimum)}, fitted to let {PASSING:.0%} of the answerable questions pass"
    if found.passing is None:
        return f"{told}: no question of the set has an answer."
    held = "none of the set is unanswerable" if found.held_back is None else f"{found.held_back:.0%} of the others stop"
    return f"{told}: {found.passing:.0%} pass, {held}."
