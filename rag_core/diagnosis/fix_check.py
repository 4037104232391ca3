"""Does a change that keeps the document also bring it into the answer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.diagnosis.counterfactuals import Counterfactual
from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.step_of_loss import diagnose
from rag_core.diagnosis.verdicts import Verdict
from rag_core.pipeline.session import QuerySession
from rag_core.schema.base import Frozen

if TYPE_CHECKING:
    from rag_core.generation.chat.access import ChatAccess


class CheckedFix(Frozen):
    """A change with the verdict on its run, the answer included. `verdict` is None where no answer was made."""

    fix: Counterfactual
    verdict: Verdict | None = None

    @property
    def lost(self) -> bool:
        """True where the document stays lost, for all that is known."""
        return self.verdict is not None and self.verdict.lost


def check_fix(
    question: QuerySession, fix: Counterfactual, location: Location, chat: ChatAccess | None = None
) -> CheckedFix:
    """Answer the question under the fix, by the chat model where one is given, and look whether it cites the document.

    Raises GenerationError or ModelError where no answer can be made.
    """
    trace = question.trace(fix.policy)
    answered = trace.model_copy(update={"recorded_answer": question.answer(trace, chat)})
    return CheckedFix(fix=fix, verdict=diagnose(answered, location).verdict)
