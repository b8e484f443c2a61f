"""A message is taken apart, whatever it is: nothing raises, nothing is lost, nothing is opened."""

import base64
import time
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from privacy.mail_reading import MOST_ATTACHED, MOST_TEXT, WHOLE, read
from tests.privacy.imap_server import mail


def names(raw: bytes) -> list[str]:
    return [one.name for one in read(raw).attached]


# --- words ------------------------------------------------------------------------------------------------
def test_sender_title_and_text_are_read():
    letter = read(mail())
    assert (letter.sender, letter.sender_name) == ("anna@piemers.lv", "Anna Bērziņa")
    assert (letter.title, letter.text) == ("Mani dati", "Lūdzu, izdzēsiet manus datus.")
    assert letter.message_id == "<first@piemers.lv>"
    assert letter.attached == ()


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("windows-1257", "cp1257"), ("koi8-r", "koi8-r"), ("utf-8", "utf-8"), ("UTF-16", "utf-16")],
)
def test_text_is_read_in_its_charset(charset, encoding):
    text = "удалите" if charset == "koi8-r" else "dzēsiet šo"
    raw = mail("", Content_Type=f"text/plain; charset={charset}", Content_Transfer_Encoding="base64")
    assert read(raw + base64.b64encode(text.encode(encoding))).text == text


@pytest.mark.parametrize("charset", ["no-such", "rot13", "punycode", "idna", "zlib", "utf-8", ""])
def test_charset_that_is_wrong_costs_no_word(charset):
    raw = mail("", Content_Type=f"text/plain; charset={charset}", Content_Transfer_Encoding="8bit")
    assert read(raw + "dzēsiet šo".encode("cp1257")).text == "dzēsiet šo"


@pytest.mark.parametrize(
    "written",
    [
        "=?utf-8?B?RHrEk3NpZXQ=?=",
        "=?windows-1257?Q?Dz=E7siet?=",
        "Dzēsiet",
        "=?utf-8?Q?Dz=C4=93?=\r\n =?utf-8?Q?siet?=",
    ],
)
def test_title_is_read_out_of_its_encoding(written):
    assert read(mail(title=written)).title == "Dzēsiet"


def test_title_in_bytes_without_encoding_is_read():
    assert read(mail(title="TITLE").replace(b"TITLE", "Dzēsiet".encode())).title == "Dzēsiet"


def test_web_page_is_read_as_its_words():
    page = "<style>p {color: red}</style><p>Dz&#275;siet<br>manus <b>datus</b></p><script>alert(1)</script>"
    letter = read(mail(page, Content_Type="text/html; charset=utf-8"))
    assert letter.text.split() == ["Dzēsiet", "manus", "datus"]
    assert [one.name for one in letter.attached] == ["message.html"]


def test_of_two_forms_of_the_words_the_plain_one_is_the_text_and_the_other_is_kept():
    message = EmailMessage()
    message["From"] = "anna@piemers.lv"
    message.set_content("plain words")
    message.add_alternative("<p>words of the page</p>", subtype="html")
    letter = read(message.as_bytes())
    assert letter.text == "plain words"
    assert b"words of the page" in letter.attached[0].content


def test_nothing_invisible_is_in_the_words():
    letter = read(
        mail("a\x00b\x1b[31mc\u202ed\ud800".encode("utf-8", "replace").decode(), title="x\u202egnp.exe")
    )
    assert letter.text == "ab[31mcd?"
    assert letter.title == "xgnp.exe"


@pytest.mark.parametrize("sender", ["", "nobody", "((((" * 900, "<script>@x", "a@b@c"])
def test_sender_that_is_no_address_is_none(sender):
    assert read(mail(sender=sender)).sender == ""


# --- files ------------------------------------------------------------------------------------------------
def with_file(name: str, content: bytes = b"content") -> bytes:
    message = EmailMessage()
    message["From"] = "anna@piemers.lv"
    message.set_content("see there")
    message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()


def test_file_is_kept_as_it_came():
    [file] = read(with_file("līgums.pdf")).attached
    assert (file.name, file.content) == ("līgums.pdf", b"content")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\Windows\\a.exe", "/etc/shadow", 'a"b.pdf', "a\u202efdp.exe", "x" * 500]
)
def test_name_of_a_file_leads_nowhere(name):
    [kept] = names(with_file(name))
    assert len(kept) <= 120
    assert not set(kept) & set('/\\"\u202e\r\n')


def test_forwarded_message_is_a_file():
    message = EmailMessage()
    message["From"] = "anna@piemers.lv"
    message.set_content("see below")
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("inner words")
    message.add_attachment(inner)
    letter = read(message.as_bytes())
    assert letter.text == "see below"
    assert b"inner words" in letter.attached[0].content


# --- what is broken ---------------------------------------------------------------------------------------
def nested(depth: int) -> bytes:
    head = mail("", Content_Type='multipart/mixed; boundary="b0"').rstrip() + b"\r\n\r\n"
    return head + b"".join(
        b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (level, level + 1)
        for level in range(depth)
    )


POISON = {
    "parts within parts": nested(5000),
    "messages within messages": (
        mail("", Content_Type="message/rfc822") + b"Content-Type: message/rfc822\r\n\r\n" * 5000
    ),
    "zeros": b"\x00" * 100_000,
    "no end of head": b"From: a@b.lv\r\n" + b"X: y\r\n" * 50_000,
    "one long header": b"From: " + b"(" * 3_000_000,
    "encoded words": b"Subject: " + b"=?utf-8?B?" * 100_000 + b"\r\n\r\n",
    "brackets": mail("<" * 2_000_000, Content_Type="text/html"),
    "comments": mail("<!--" * 500_000, Content_Type="text/html"),
    "styles": mail("<style" * 300_000, Content_Type="text/html"),
    "references": mail(References="<a@b> " * 200_000),
    "no base64": mail("?" * 2_000_000, Content_Transfer_Encoding="base64"),
    "uuencoded": mail("begin 666 x\r\n" + "M" * 100, Content_Transfer_Encoding="x-uuencode"),
    "no boundary": mail("words", Content_Type="multipart/mixed"),
    "boundary of nothing": mail("words", Content_Type='multipart/mixed; boundary=""'),
    "many boundaries": mail("--b\r\n" * 400_000, Content_Type="multipart/mixed; boundary=b"),
    "parameters": mail(Content_Type="text/plain" + "; a*0*=b" * 20_000),
}  # fmt: skip


@pytest.mark.parametrize("raw", POISON.values(), ids=POISON)
def test_poison_is_read_in_seconds_or_kept_whole(raw):
    before = time.process_time()
    letter = read(raw)
    assert time.process_time() - before < 5
    assert letter.text or letter.attached or not raw.partition(b"\r\n\r\n")[2].strip()


def test_what_cannot_be_taken_apart_is_kept_whole_with_its_sender():
    raw = POISON["parts within parts"]
    letter = read(raw)
    assert letter.unreadable
    assert [(one.name, one.content) for one in letter.attached] == [(WHOLE, raw)]
    assert letter.sender == "anna@piemers.lv"


def test_more_files_or_words_than_are_shown_are_kept_whole():
    message = EmailMessage()
    message.set_content("many")
    for number in range(MOST_ATTACHED + 1):
        message.add_attachment(b"x", maintype="a", subtype="b", filename=f"{number}")
    assert names(message.as_bytes()) == [WHOLE]
    long = read(mail("x" * (MOST_TEXT + 1)))
    assert (len(long.text), [one.name for one in long.attached]) == (MOST_TEXT, [WHOLE])


def test_archive_is_a_file_like_any_other():
    bomb = b"PK\x03\x04" + b"\x00" * 1000
    [file] = read(with_file("42.zip", bomb)).attached
    assert file.content == bomb


def test_of_a_message_that_was_cut_the_words_are_kept():
    letter = read(with_file("a.pdf", b"x" * 10_000)[:600], cut=True)
    assert (letter.text, letter.attached, letter.cut) == ("see there", (), True)


@given(st.binary(max_size=2000))
@example(b"")
def test_any_bytes_are_read(raw):
    assert read(raw).fingerprint == read(raw).fingerprint


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_body_under_any_content_type_is_read(kind, body):
    letter = read(b"From: a@b.lv\r\nContent-Type: " + kind + b"\r\n\r\n" + body)
    letter.text.encode()
    letter.title.encode()


# --- twice ------------------------------------------------------------------------------------------------
def test_copy_that_went_another_way_is_known():
    first = mail()
    second = b"Received: from elsewhere\r\nX-Spam: no\r\n" + first.replace(b"\r\n", b"\n") + b"\n"
    assert read(first).fingerprint == read(second).fingerprint


@pytest.mark.parametrize(
    "change", [{"text": "other"}, {"title": "other"}, {"message_id": "<second@piemers.lv>"}]
)
def test_message_that_only_bears_the_name_of_another_is_another(change):
    assert read(mail()).fingerprint != read(mail(**change)).fingerprint


# --- what nobody wrote ------------------------------------------------------------------------------------
REPLY = {"In_Reply_To": "<ours@jo1n.com>"}
NOBODY = {
    "vacation": {"Auto_Submitted": "auto-replied (vacation)"},
    "exchange": {"Auto_Submitted": "auto-generated", "X_Auto_Response_Suppress": "All", **REPLY},
    "old vacation": {"Precedence": "bulk", **REPLY},
    "named": {"Precedence": "auto_reply"},
    "x": {"X_Autoreply": "yes"},
    "daemon": {"sender": "Mail Delivery <MAILER-DAEMON@mail.example>"},
    "report": {"Content_Type": 'multipart/report; report-type=delivery-status; boundary="x"'},
}


@pytest.mark.parametrize("headers", NOBODY.values(), ids=NOBODY)
def test_what_answers_by_itself_is_told_apart(headers):
    assert read(mail(**headers)).answers_by_itself


SOMEBODY = {
    "plain": {},
    "reply": REPLY,
    "said so": {"Auto_Submitted": "no"},
    "forwarded": {"Return_Path": "<>"},
    "forwarded answer": {"Return_Path": "<>", **REPLY},
    "portal": {"Auto_Submitted": "auto-generated"},
    "newsletter tool": {"Precedence": "bulk"},
    "list": {"Precedence": "list", **REPLY},
    "suppresses": {"X_Auto_Response_Suppress": "OOF", **REPLY},
    "return path": {"Return_Path": "<anna@piemers.lv>"},
}


@pytest.mark.parametrize("headers", SOMEBODY.values(), ids=SOMEBODY)
def test_what_a_person_may_have_sent_is_never_dropped(headers):
    assert not read(mail(**headers)).answers_by_itself


@pytest.mark.parametrize("name", ["forwarded", "forwarded answer", "portal", "newsletter tool", "suppresses"])
def test_what_a_machine_may_have_made_says_so(name):
    assert read(mail(**SOMEBODY[name])).by_machine
    assert not read(mail()).by_machine


def test_threads_are_told_with_the_nearest_first():
    letter = read(mail(In_Reply_To="<c@x>", References="<a@x> <b@x>\r\n <c@x>"))
    assert letter.refers_to == ("<c@x>", "<b@x>", "<a@x>")
