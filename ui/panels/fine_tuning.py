"""Fine-tune the chosen cross-encoder on the set's judgments, and list the models that were fine-tuned here."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from rag_core.errors import SecondPassError
from rag_core.evaluation.bench import Bench
from rag_core.evaluation.sets import LabelledSet
from rag_core.finetune.models import METRICS, FineTuneResult, new_folder
from rag_core.finetune.pairs import LEAST, trainable_queries
from rag_core.finetune.train import base_folder, fine_tune
from rag_core.triage import Job, JobControl
from rag_core.wording.metric_changes import fine_tuning_sentence, interval_text
from rag_core.wording.numbers import count_of, verb
from ui import auth, caches
from ui.panels import job_progress, views
from ui.sidebar import access
from ui.sidebar.state import SidebarState

KIND = "learn"


def fine_tuning(choice: SidebarState, questions: LabelledSet, of: Bench) -> None:
    """How many questions it can train on, a name, a button; then what came of it, whichever way it went."""
    st.header("Fine-tune on these grades", anchor=False)
    try:
        base_folder(choice.policy.reranker)
    except SecondPassError as exc:
        st.caption(views.markdown(str(exc)))
        return
    ready = len(trainable_queries(questions, of.measurements, choice.policy))
    st.caption(
        f"{count_of(ready, 'question')} {verb(ready, 'has its', 'have their')} answer in the pool; {LEAST} are "
        "needed. About a third is held out to evaluate the result. Training runs in the background and "
        "takes minutes on two cores."
    )
    latest = job_progress.latest(caches.job_book(), KIND)
    running = latest is not None and not latest.over
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the new model", "my-reranker", key="lesson_name", max_chars=60)
        blocked = ready < LEAST or running
        begin = st.button("Fine-tune", key="lesson_start", icon=":material/school:", disabled=blocked)
    if begin:
        with views.guard():
            _start(choice, questions, of, name)
            st.rerun()
    if latest is not None:
        job_progress.watch(caches.job_book(), latest, _far, _result)
    _models()


def _start(choice: SidebarState, questions: LabelledSet, of: Bench, name: str) -> None:
    """Start the training in the background. Raises BadInput where the name cannot be used."""
    folder = new_folder(access.fine_tuned(), name)
    pipeline, measurements = caches.pipeline(choice.collection, choice.owner), dict(of.measurements)

    def work(control: JobControl) -> str:
        made = fine_tune(pipeline, questions, measurements, choice.policy, folder, control.reach, control.cancelled)
        return fine_tuning_sentence(len(made.held_out), *made.headline)

    caches.job_book().start(KIND, 0, work, by=auth.author())


def _far(job: Job) -> str:
    if not job.total:
        return "Loading the model"
    return f"Step {job.done} of {job.total}" if job.done < job.total else "Evaluating it on the held-out questions"


def _result(job: Job) -> None:
    """What came of it, in one sentence."""
    if job.state == "done":
        st.success(views.markdown(f"The last fine-tuning: {job.message}"), icon=":material/school:")
        return
    told = job.message or "The fine-tuning was interrupted. Nothing was written; start it again."
    st.warning(views.markdown(told), icon=":material/info:")


def _models() -> None:
    """A row per fine-tuned model, and a note for each one that cannot be read."""
    models = access.models()
    views.left_out("model", models.left_out)
    if not models.found:
        return
    numbers = {one: st.column_config.NumberColumn(format="%.3f") for one in (f"{METRICS[0]} before", "after")}
    numbers["Seconds"] = st.column_config.NumberColumn(format="%.0f")
    rows = [_row(one) for one in models.found]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="fine_tuned", column_config=numbers)


def _row(model: FineTuneResult) -> dict[str, object]:
    found = model.comparisons[METRICS[0]]
    return {
        "Model": model.name,
        "From": model.base,
        "Trained on": f"{count_of(len(model.train), 'question')}, {count_of(model.pairs, 'pair')}",
        "Held out": len(model.held_out),
        f"{METRICS[0]} before": found.before,
        "after": found.after,
        "95% interval": interval_text(found),
        "Seconds": model.seconds,
        "Reranker key": model.key,
    }
