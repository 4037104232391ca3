"""How often the comparison of sentences is right: 40 sentences written over four documents of the sample corpus.

Half of them a document says in other words, half it does not say. The counts are the ones in `support`'s docstring.
"""

from __future__ import annotations

import pytest

from rag_core.generation.grounding import check_sentences
from rag_core.retrieval.embedders.cutoffs import PACKAGED_CUTOFFS
from rag_core.schema.answers import Answer, SentenceCheck
from tests.builders import passage
from tests.conftest import ROOT

SAID = {
    "policies/refunds-annual.md": (
        "You can get your money back in full if you return an annual plan within 30 days of ordering it.",
        "If a plan renews automatically, you have 14 days to undo the charge.",
        "Money goes back to the original payment method, usually within 7 business days.",
        "Refunds over €5,000 require a second approval from Finance.",
        "Unused months are not refunded.",
        "Resellers handle refunds for the orders they sold.",
    ),
    "policies/password-and-mfa.md": (
        "Passwords need to be at least 14 characters long.",
        "You do not have to change your password regularly.",
        "After ten failed logins the account is blocked for half an hour.",
        "SMS can no longer be used as a second factor.",
        "Admins are required to use a second factor such as a passkey.",
        "Recovery codes can be used once; there are ten of them.",
    ),
    "sla/enterprise.md": (
        "The guaranteed availability is 99.95 % per month.",
        "For P1 incidents support responds within 15 minutes around the clock.",
        "You must claim service credits within 60 days after the month ends.",
        "Vault can be recovered within 4 hours.",
    ),
    "how-to/relay-retry-policy.md": (
        "Relay tries eight times over roughly 26 hours.",
        "Failed items stay in the parking lot for 14 days.",
        "A time-out of 30 seconds counts as a failure.",
        "Replaying from the parking lot keeps the original order.",
    ),
}
UNSAID = {
    "policies/refunds-annual.md": (
        "Refunds are only given as store credit.",
        "You must call our hotline to request a refund.",
        "Monthly plans can be refunded within a week.",
        "A cancellation fee is charged when you return a plan.",
        "Students receive a discount on annual plans.",
        "Our support team is very friendly and happy to help.",
        "The office is closed on public holidays.",
    ),
    "policies/password-and-mfa.md": (
        "Passwords must contain a special symbol and a digit.",
        "Passwords expire every ninety days.",
        "Fingerprint readers are supported on all laptops.",
        "Administrators can see the passwords of members.",
    ),
    "sla/enterprise.md": (
        "Enterprise customers get a dedicated server.",
        "Planned maintenance happens on Sundays.",
        "Support is available in Japanese.",
        "Credits are paid out in cash.",
        "A penalty is due when the contract is cancelled early.",
    ),
    "how-to/relay-retry-policy.md": (
        "Relay sends an e-mail to the owner after each failure.",
        "The retry policy can be changed in the settings.",
        "Webhooks are signed with a secret key.",
        "Items in the parking lot are encrypted.",
    ),
}


def checks(written: dict[str, tuple[str, ...]], embed) -> list[SentenceCheck]:
    """Each sentence as an answer that cites its document, without the document's front matter."""
    found: list[SentenceCheck] = []
    for name, sentences in written.items():
        text = (ROOT / "sample_corpus/documents" / name).read_text(encoding="utf-8").split("---", 2)[2]
        answer = Answer(kind="chat", text="\n\n".join(f"{one[:-1]} [1]." for one in sentences))
        found += check_sentences(answer, [passage("a", text)], embed, PACKAGED_CUTOFFS).checks
    return found


@pytest.fixture(scope="module")
def judged(packaged) -> tuple[list[SentenceCheck], list[SentenceCheck]]:
    return checks(SAID, packaged.embed), checks(UNSAID, packaged.embed)


def test_every_sentence_is_checked(judged) -> None:
    assert [len(one) for one in judged] == [20, 20]


def test_the_cosine_alone_is_right_for_36_of_40(judged) -> None:
    said, unsaid = judged
    alike = PACKAGED_CUTOFFS.alike
    assert sum(one.score >= alike for one in said) + sum(one.score < alike for one in unsaid) >= 36


def test_with_figures_it_is_no_worse(judged) -> None:
    said, unsaid = judged
    right = sum(one.verdict == "found" for one in said) + sum(one.verdict == "not found" for one in unsaid)
    assert right >= 36
