"""Review reminders, sent to a minimal SMTP server on the loopback interface."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_string
from pathlib import Path

import pytest

from kb.editorial.review_reminders import (
    REMINDER_INTERVAL,
    ReminderStore,
    build_message,
    send_messages,
)
from kb.errors import MailError
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.kb.builders import save

TODAY = date(2026, 3, 9)


class Mailbox(socketserver.ThreadingTCPServer):
    """Minimal SMTP server that records messages."""

    allow_reuse_address = True

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), Conversation)


class Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        to = ""
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    lines.append(part.decode())
                self.server.mails.append((to, "".join(lines)))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    server = Mailbox()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(mailbox: Mailbox, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path, title="Ward library", smtp_host="127.0.0.1",
        smtp_port=mailbox.server_address[1], smtp_from="kb@hospital.example",
    )  # fmt: skip


@pytest.fixture
def reminding(store: ArticleStore) -> ReminderStore:
    for title, owner, days in (
        ("Gout", "Ann Lee <ann@hospital.example>", -3),
        ("Asthma", "ann@hospital.example", 5),
        ("Sepsis", "The sepsis team", 5),
    ):
        due = TODAY + timedelta(days=days)
        save(store, title, ("Use", f"On {title}."), owner=owner, review_due=due)
    return ReminderStore(store.database)


def test_owner_gets_one_reminder_in_two_weeks(
    reminding: ReminderStore, store: ArticleStore, settings: Settings, mailbox: Mailbox
) -> None:
    summaries = store.summaries()
    (hers,), nobody = reminding.list_due(summaries, "", TODAY)
    assert (hers.recipient, [s.title for s in hers.articles]) == (
        "ann@hospital.example", ["Asthma", "Gout"],
    )  # fmt: skip
    assert [summary.title for summary in nobody] == ["Sepsis"]
    (_, team), _ = reminding.list_due(summaries, "team@hospital.example", TODAY)
    assert team.recipient == "team@hospital.example"

    links = [f"https://kb.example/{s.id}" for s in hers.articles]
    send_messages([build_message(hers, settings, links, TODAY)], settings)
    reminding.mark_sent(hers, TODAY)
    ((to, text),) = mailbox.mails
    mail = message_from_string(text)
    assert to == "ann@hospital.example"
    assert mail["Subject"].startswith("Ward library: ")
    assert sorted(re.findall(r"\d+", mail["Subject"])) == ["1", "2"]
    assert re.search(r"^.*\bGout\b.* 2026-03-06\b", text, re.M)
    assert "https://kb.example/asthma" in text
    assert reminding.list_due(summaries, "", TODAY + timedelta(days=13))[0] == []
    assert reminding.list_due(summaries, "", TODAY + REMINDER_INTERVAL)[0] == [hers]


def test_names_cannot_inject_a_header(store: ArticleStore, settings: Settings) -> None:
    evil = "Gout\r\nBcc: everybody@evil.example"
    save(store, evil, ("Use", "x"), owner="ann@hospital.example", review_due=TODAY, key="evil")
    save(store, "B", ("Use", "y"), owner="a@b.example\nBcc: c@d.example", review_due=TODAY)
    reminders, _ = ReminderStore(store.database).list_due(store.summaries(), "", TODAY)
    for reminder in reminders:
        text = str(build_message(reminder, settings, ["x"] * len(reminder.articles), TODAY))
        assert "bcc" not in {name.lower() for name in message_from_string(text)}


def test_unreachable_mail_server_is_reported(
    reminding: ReminderStore, store: ArticleStore, settings: Settings, mailbox: Mailbox
) -> None:
    (hers,), _ = reminding.list_due(store.summaries(), "", TODAY)
    mail = build_message(hers, settings, ["x", "y"], TODAY)
    gone = settings.model_copy(update={"smtp_port": 1})
    with pytest.raises(MailError) as raised:
        send_messages([mail], gone)
    assert raised.value.server == "127.0.0.1:1"
    assert raised.value.detail
