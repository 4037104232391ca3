from datetime import date
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.corpus.loading.load import Loaded, load_bytes, load_folder


def mail(subject: str = "Lamps", **headers: str) -> EmailMessage:
    """A message from Ann to Bo, without text."""
    message = EmailMessage()
    message["From"] = "Ann Lee <ann@example.com>"
    message["To"] = "Bo <bo@example.com>"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name] = value
    return message


def read(message: EmailMessage | bytes) -> Loaded:
    return load_bytes("lamps.eml", message if isinstance(message, bytes) else message.as_bytes(policy=SMTP))


def text_of(message: EmailMessage | bytes) -> str:
    (document,) = read(message).documents
    return document.text


def left_out(message: EmailMessage | bytes) -> list[tuple[str, str]]:
    """Where and which words, of each note."""
    return [(note.where, note.text) for note in read(message).files[0].notes]


def test_a_message_is_one_document_with_its_subject_as_title_and_the_day_that_it_was_sent():
    message = mail("Prices of lamps in März", Date="Sat, 14 Mar 2026 23:30:00 +0100")
    message.set_content("Lamps cost 40 €.\n")
    (document,) = read(message).documents
    assert (document.title, document.updated_at) == ("Prices of lamps in März", date(2026, 3, 14))
    assert document.text == (
        "From: Ann Lee <ann@example.com>\nTo: Bo <bo@example.com>\nDate: Sat, 14 Mar 2026 23:30:00 +0100\n\n"
        "Lamps cost 40 €."
    )
    assert document.metadata["from"] == "Ann Lee <ann@example.com>"


def test_of_two_forms_the_web_page_is_read_and_what_only_the_plain_text_says_is_listed():
    message = mail()
    message.set_content("Lamps cost forty euros.\nYour program shows no pictures. https://shop.example/a1b2\n")
    message.add_alternative("<p>Lamps <b>cost</b> forty euros.</p>", subtype="html")
    assert text_of(message).endswith("\n\nLamps **cost** forty euros.")
    assert left_out(message) == [
        ("another form of the message", "Your program shows no pictures. https://shop.example/a1b2")
    ]


def test_a_page_is_read_in_the_encoding_that_the_mail_says():
    message = mail()
    message.add_alternative("<meta charset=utf-8><p>Les cafés</p>", subtype="html", charset="iso-8859-1", cte="8bit")
    assert "Les cafés" in text_of(message)


def test_attached_files_and_pictures_are_named():
    message = mail()
    message.set_content("See the list.")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="Preise März.pdf")
    message.add_attachment("Lamp;40", filename="prices.csv")
    message.add_attachment(b"GIF8", maintype="image", subtype="gif", filename="lamp.gif", disposition="inline")
    assert [where for where, _ in left_out(message)] == ["Preise März.pdf", "prices.csv", "lamp.gif"]
    assert text_of(message).endswith("See the list.")


def test_a_forwarded_message_is_read_with_its_own_headers():
    inner = mail("Old lamps", Date="Mon, 02 Feb 2026 08:00:00 +0000")
    inner.set_content("They go out of stock.")
    message = mail("Fwd: Old lamps")
    message.set_content("Have you seen this?")
    message.make_mixed()
    message.attach(inner_part(inner))
    text = text_of(message)
    assert text.index("Have you seen this?") < text.index("Subject: Old lamps") < text.index("They go out of stock.")
    assert "Date: Mon, 02 Feb 2026" in text


def inner_part(inner: EmailMessage) -> EmailMessage:
    part = EmailMessage()
    part.set_content(inner, disposition="inline")
    return part


@pytest.mark.parametrize(
    "encoding, said",
    [("iso-2022-jp", "ランプ"), ("koi8-r", "Лампа"), ("gb2312", "灯具"), ("iso-8859-15", "Lampe à 5 €")],
)
def test_encodings_of_text_and_of_headers(encoding, said):
    message = mail()
    message.set_content(said, charset=encoding)
    del message["Subject"]
    coded = message.as_bytes()
    coded = b"Subject: " + Header(said, encoding).encode().encode() + b"\n" + coded
    (document,) = read(coded).documents
    assert document.title == said
    assert document.text.endswith(said)


def test_letters_of_a_header_that_names_no_encoding_are_a_doubt():
    coded = "From: a@example.com\nSubject: Größe der Lampe\n\nHallo\n".encode("cp1252")
    (document,) = read(coded).documents
    assert document.title == "Größe der Lampe"
    assert left_out(coded) == [("Subject", "Größe der Lampe")]
    assert not left_out("From: a@example.com\nSubject: Größe der Lampe\n\nHallo\n".encode())


def test_what_is_encrypted_is_named():
    message = mail()
    message.set_content(b"0", maintype="application", subtype="pkcs7-mime", disposition="inline", filename="smime.p7m")
    assert [where for where, _ in left_out(message)] == ["smime.p7m"]


def test_a_message_that_breaks_off_is_read_so_far_and_doubted():
    message = mail()
    message.set_content("Lamps cost 40.")
    message.add_attachment(b"x" * 300, maintype="application", subtype="pdf", filename="a.pdf")
    coded = message.as_bytes()
    cut = coded[: coded.rindex(b"--")][:-60]
    assert "Lamps cost 40." in text_of(cut)
    assert "the message" in [where for where, _ in left_out(cut)]


def test_hidden_words_of_a_page_are_listed_and_its_title_is_not_the_mails():
    message = mail()
    page = "<title>Newsletter 7</title><p style='display:none'>Open me</p><p>Lamps are in.</p>"
    message.add_alternative(page, subtype="html")
    assert ("<p>", "Open me") in left_out(message)
    assert read(message).documents[0].title == "Lamps"
    assert "Open me" not in text_of(message)


@pytest.mark.parametrize("words", ["Just a note about lamps.", "\n\nJust a note\n"])
def test_text_that_is_no_mail_is_refused_with_what_to_do(words):
    (problem,) = read(words.encode()).problems
    assert ".txt" in problem.reason


def test_a_mail_without_a_word_is_refused_with_what_it_holds():
    message = mail("")
    message.set_content(b"GIF8", maintype="image", subtype="gif", disposition="inline", filename="lamp.gif")
    (problem,) = read(message).problems
    assert "lamp.gif (Pictures are not read)" in problem.reason


def test_mails_of_other_programs_say_how_to_save_them():
    (problem,) = load_bytes("lamps.msg", b"x").problems
    assert "Save the message as .eml." in problem.reason


WORDS = st.text("abcdefghij", min_size=4, max_size=8)
NESTING = ["mixed", "related", "alternative", "forwarded"]
PARTS = st.recursive(
    st.tuples(st.sampled_from(["plain", "html", "attached", "picture"]), WORDS),
    lambda inner: st.tuples(
        st.sampled_from(["mixed", "related", "alternative", "forwarded"]), st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


def made(kind: str, held: str | list, said: set[str]) -> EmailMessage:
    """A part of a message; `said` gets every word that a person sees in it."""
    part = EmailMessage()
    if kind in ("plain", "html"):
        part.set_content(f"<p>{held}</p>" if kind == "html" else held, subtype=kind)
        said.add(held)
    elif kind in ("attached", "picture"):
        main, sub = ("image", "png") if kind == "picture" else ("application", "zip")
        part.set_content(b"x", maintype=main, subtype=sub, filename=f"{held}.bin")
        said.add(held)
    elif kind == "forwarded":
        inner = mail("Forwarded")
        inner.make_mixed()
        for one in held:
            inner.attach(made(*one, said))
        part.set_content(inner, disposition="inline")
    else:
        {"mixed": part.make_mixed, "related": part.make_related, "alternative": part.make_alternative}[kind]()
        for one in held:
            part.attach(made(*one, said))
    return part


@given(parts=st.lists(PARTS, min_size=1, max_size=3))
@settings(max_examples=60)
def test_every_word_of_a_message_is_in_its_text_or_in_the_list(parts):
    message, said = mail(), set()
    message.make_mixed()
    for one in parts:
        message.attach(made(*one, said))
    found = read(message)
    (document,), notes = found.documents, found.files[0].notes
    everywhere = document.text + " ".join(f"{note.where} {note.text}" for note in notes)
    assert {word for word in said if word not in everywhere} == set()


@pytest.mark.parametrize(
    "parameters",
    [b"text/plain; charset=utf-8; name*0=a; name*=b", b"text/plain; charset*=a%00b''utf-8"],
)
def test_odd_parameters_of_a_header_cost_that_message_only(parameters: bytes, tmp_path):
    data = b"From: ann@example.com\nSubject: Words\nContent-Type: " + parameters + b"\n\nWords.\n"
    (tmp_path / "odd.eml").write_bytes(data)
    (tmp_path / "good.txt").write_text("Lamps are in stock.")
    loaded = load_folder(tmp_path)
    assert [one.id for one in loaded.documents][:1] == ["good.txt"]


HEADERS = "From: Ann <ann@example.com>\nSubject: {}\nDate: Sat, 14 Mar 2026 09:30:00 +0100\n"


def mailbox(*mails: str) -> bytes:
    return "".join(f"From ann@example.com Sat Mar 14 09:30:00 2026\n{mail}\n\n" for mail in mails).encode()


def test_each_mail_of_a_mailbox_is_a_document():
    lamps = HEADERS.format("Lamps") + "\nLamps cost 20.\n\n>From Monday on."
    data = mailbox(lamps, HEADERS.format("Fees") + "\nFees: 5.")
    for written in (data, data.replace(b"\n", b"\r\n")):
        loaded = load_bytes("a.mbox", written)
        assert [(one.id, one.title, str(one.updated_at)) for one in loaded.documents] == [
            ("a.mbox#1", "Lamps", "2026-03-14"),
            ("a.mbox#2", "Fees", "2026-03-14"),
        ]
        assert loaded.documents[0].text.endswith("Lamps cost 20.\n\nFrom Monday on.")


def test_what_a_mail_of_a_mailbox_leaves_out_is_listed_with_its_number():
    hidden = HEADERS.format("B") + "Content-Type: text/html\n\n<p>Seen.</p><p hidden>ghost</p>"
    loaded = load_bytes("a.mbox", mailbox(HEADERS.format("A") + "\nText.", hidden, "X-Nothing: 1\n\nNo mail."))
    assert len(loaded.documents) == 2
    notes = [(note.where, note.text) for note in loaded.files[0].notes]
    assert ("mail 2: <p>", "ghost") in notes
    assert len(loaded.problems) == 1
    assert "mail 3" in loaded.problems[0].name


def test_a_mailbox_without_a_mail_is_refused():
    (problem,) = load_bytes("a.mbox", b"From here on, it is text.\n").problems
    assert "rename it to .eml" in problem.reason
    (problem,) = load_bytes("a.mbox", mailbox("X-Nothing: 1\n\nNo mail.")).problems
    assert "None of its 1 mails" in problem.reason


@pytest.mark.parametrize(
    ("options", "body", "said"),
    [
        ("", "A long \nline goes on.\nNext.", "A long \nline goes on.\nNext."),
        ("; format=flowed", "A long \nline goes on.\nNext.", "A long line goes on.\nNext."),
        ("; format=flowed; delsp=yes", "Donau \ndampf \nschiff", "Donaudampfschiff"),
        ("; format=flowed", "> quoted \n> line\nmine", "> quoted line\nmine"),
        ("; format=flowed", "Bye.\n-- \nAnn", "Bye.\n-- \nAnn"),
        ("; format=flowed", " From here \non", "From here on"),
    ],
)
def test_lines_that_a_mail_program_wrapped_are_one_again(options, body, said):
    mail = f"{HEADERS.format('A')}Content-Type: text/plain; charset=utf-8{options}\n\n{body}"
    assert load_bytes("a.eml", mail.encode()).documents[0].text.endswith(f"\n\n{said}")


def test_an_invitation_is_listed_with_what_it_says():
    event = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Gate\\, north\nDTSTART:20260314T090000Z\n"
    event += "LOCATION:Pier\n  Nine\nEND:VEVENT"
    mail = f"{HEADERS.format('A')}Content-Type: multipart/alternative; boundary=b\n\n--b\n\nCome.\n--b\n"
    mail += f"Content-Type: text/calendar\n\n{event}\n--b--\n"
    loaded = load_bytes("a.eml", mail.encode())
    assert loaded.documents[0].text.endswith("Come.")
    assert [note.text for note in loaded.files[0].notes] == [
        "Meeting: Gate, north\nBegins: 2026-03-14 09:00 UTC\nWhere: Pier Nine"
    ]
