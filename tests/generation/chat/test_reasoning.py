"""What a model thinks before it answers stands apart from the answer, however its server sends it."""

from __future__ import annotations

from typing import Any

import pytest

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.client import complete
from rag_core.generation.chat.reasoning import Said, parted
from rag_core.generation.chat.stream import stream_answer
from rag_core.generation.rewrite import rewrite
from rag_core.rerank.llm_grader import LanguageModelReranker
from rag_core.schema.answers import Answer, Message
from tests.builders import passage
from tests.generation.chat_server import Script, chat_server

PASSAGES = (passage("a", "Refunds take five days."), passage("b", "Shipping is free."))
ANSWER = "Five days [1]."
TURN = "<|start|>assistant"


def answered(script: Script) -> tuple[Answer, str]:
    with chat_server(script) as url:
        stream = stream_answer(ChatAccess(config=ChatConfig(base_url=url, model="toy")), "How long?", PASSAGES)
        shown = "".join(stream.pieces())
        return stream.answer, shown


@pytest.mark.parametrize(
    "pieces",
    [
        ("<think>", "Is it [2]?", "</think>\n\n", ANSWER),
        ("<th", "ink>\nIs it [2]?\n</thi", "nk>", ANSWER),
        ("<thinking>Is it [2]?</thinking>", ANSWER),
        ("[THINK]Is it [2]?[/THINK]", ANSWER),
        ("◁think▷Is it [2]?◁/think▷", ANSWER),
        ("<seed:think>Is it [2]?</seed:think>", ANSWER),
        ("<THINK>Is it [2]?</THINK>\n", ANSWER),
        ("<|channel>thought\nIs it [2]?\n<channel|>", ANSWER),
        ("<think>\nIs it [2]?\n</think>\n<answer>\n", ANSWER, "\n</ans", "wer>"),
        ("<think>\nIs it [2]?\n</think>\n\n<response>\n", ANSWER, "\n</response>\n"),
        ("<|START_THINKING|>Is it [2]?<|END_THINKING|><|START_RESPONSE|>", ANSWER, "<|END_RESPONSE|>"),
        ("<|begin_of_thought|>Is it [2]?<|end_of_thought|>\n<|begin_of_solution|>\n", ANSWER, "<|end_of_solution|>"),
        (
            "<|chan",
            "nel|>analysis<|message|>Is it [2]?<|end|>",
            f"{TURN}<|channel|>final<|message|>",
            ANSWER,
            "<|return|>",
        ),
        (f"{TURN}<|channel|>analysis<|message|>Is it [2]?<|end|>{TURN}<|channel|>fin", "al<|message|>", ANSWER),
        (ANSWER[:4], ANSWER[4:], "\n<thi", "nk>Is it [2]?</think>"),
    ],
)
def test_thoughts_in_tags_are_no_part_of_the_answer(pieces: tuple[str, ...]) -> None:
    answer, shown = answered(Script(pieces=pieces))
    assert (answer.text, answer.reasoning, shown.strip()) == (ANSWER, "Is it [2]?", ANSWER)
    assert [one.number for one in answer.citations] == [1]


@pytest.mark.parametrize(
    "pieces", [("Is it [2]?", "\n</think>\n\n", ANSWER), ("analysisIs it [2]?", f"assistantfinal{ANSWER}")]
)
def test_thoughts_whose_opening_tag_the_server_keeps_are_no_part_of_the_answer(pieces: tuple[str, ...]) -> None:
    answer, _ = answered(Script(pieces=pieces))
    assert (answer.text, answer.reasoning) == (ANSWER, "Is it [2]?")


def test_a_thought_that_holds_nothing_is_none() -> None:
    answer, _ = answered(Script(pieces=("<think>\n\n</think>\n\n", ANSWER)))
    assert (answer.text, answer.reasoning) == (ANSWER, "")


@pytest.mark.parametrize(
    "thought",
    [
        {"reasoning_content": "Is it [2]?"},
        {"reasoning": "Is it [2]?"},
        {"reasoning": {"content": "Is it [2]?"}},
        {"thinking": "Is it [2]?", "content": ""},
        {"reasoning_content": "Is it [2]?", "thinking_blocks": [{"type": "thinking", "thinking": "Is it [2]?"}]},
        {"content": "", "reasoning": None, "reasoning_details": [{"type": "reasoning.text", "text": "Is it [2]?"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Is it [2]?"}]}]},
        {"content": [{"type": "thinking", "thinking": "Is it [2]?"}]},
        {"content": {"type": "thinking", "thinking": "Is it [2]?"}},
        {"content": [{"text": "Is it [2]?", "thought": True}]},
        {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Is it [2]?"}]}]},
    ],
)
@pytest.mark.parametrize(
    "content",
    [
        ANSWER,
        [{"type": "text", "text": "Five "}, {"type": "text", "text": "days [1]."}],
        ["Five ", None, {"type": "text", "text": None}, "days [1]."],
        {"type": "text", "text": ANSWER},
        [{"type": "text", "text": {"value": ANSWER, "annotations": []}}],
        [{"type": "text", "content": ANSWER}],
        [{"type": "refusal", "refusal": ANSWER}],
        [{"type": "redacted_thinking", "data": "x"}, {"type": "output_text", "text": ANSWER}],
    ],
)
def test_thoughts_in_fields_and_parts_are_no_part_of_the_answer(thought: dict[str, Any], content: Any) -> None:
    answer, shown = answered(Script(deltas=(thought, {"content": content})))
    assert (answer.text, answer.reasoning, shown) == (ANSWER, "Is it [2]?", ANSWER)


def test_i_dont_know_after_a_thought_is_known_as_such() -> None:
    answer, _ = answered(Script(pieces=("<think>Nothing in [1].</think>", "I don't know.")))
    assert (answer.kind, answer.citations, answer.reasoning) == ("unknown", (), "Nothing in [1].")


def test_a_thought_without_an_answer_says_so() -> None:
    with pytest.raises(GenerationError, match="gave its reasoning and no answer"):
        answered(Script(deltas=({"reasoning_content": "hm"},)))
    with pytest.raises(GenerationError, match="tokens before it said anything"):
        answered(Script(pieces=("<think>hm",), finish="length"))


def test_a_wish_for_a_tool_says_so() -> None:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "search", "arguments": "{}"}}
    with pytest.raises(GenerationError, match=r"asked for a tool \(search\) instead"):
        answered(Script(deltas=({"tool_calls": [call]},), finish="tool_calls"))


@pytest.mark.parametrize("thought", ["Is it `x` [2]?", "Is it ` [2]?", "So:\n```\nx [2]\n```"])
def test_thoughts_may_hold_code(thought: str) -> None:
    answer, _ = answered(Script(pieces=(thought, "\n</think>\n\n", ANSWER)))
    assert (answer.text, answer.reasoning) == (ANSWER, thought)


@pytest.mark.parametrize(
    "text",
    [
        "Use the tag `<think>` [1].",
        "<b>x</b>",
        "These begin a thought:\n<think> is one of them [1].",
        "<answer> is a tag [1].",
        "a < b",
        "The tag `</think>` ends it.\n",
        "Use this template:\n\n<think>\nyour plan\n</think>\n\nThen write the answer [1].",
        "Write\n```\nhm\n</think>\n```\nand go on.",
    ],
)
def test_a_text_about_tags_is_an_answer(text: str) -> None:
    assert parted(text) == Said(text)


def test_rewriting_and_grading_read_the_reply_without_its_thoughts() -> None:
    script = Script(pieces=('<think>["no"] [{"passage": 1, "grade": 0}]</think>\n["refund period"]',))
    with chat_server(script) as url:
        assert rewrite(ChatAccess(config=ChatConfig(base_url=url, model="toy")), "money back?").queries == (
            "refund period",
        )
    script = Script(pieces=('<think>[{"id": 1}]</think>\n[{"passage": 1, "grade": 8}]',))
    with chat_server(script) as url:
        access = ChatAccess(config=ChatConfig(base_url=url, model="toy"))
        assert complete(access, [Message(role="user", content="x")]).text == '[{"passage": 1, "grade": 8}]'
        assert [pair.score for pair in LanguageModelReranker(access).score("q", ["a passage"]).pairs] == [0.8]
