"""Email reminders of due reviews, one message per owner.

Messages are built with `email.message`, so a name or title cannot inject a header.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

from sqlalchemy import Connection, delete, insert, select

from kb.errors import MailError
from kb.model.records import ArticleSummary
from kb.settings import Settings
from kb.storage.database import Database
from kb.storage.schema import sent_reminders

REMINDER_INTERVAL = timedelta(days=14)  # interval between reminders of the same review
SMTP_TIMEOUT_SECONDS = 20  # timeout of the mail server


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder email: recipient and due articles."""

    recipient: str
    articles: tuple[ArticleSummary, ...]


class ReminderStore:
    """Reminders sent by one knowledge base. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_due(
        self, summaries: Sequence[ArticleSummary], fallback: str, today: date
    ) -> tuple[list[Reminder], list[ArticleSummary]]:
        """Return the reminders to send for these articles, and the articles without a recipient.

        `fallback` receives the reminders if the owner is not an email address. Articles with a
        reminder for the same due date within `REMINDER_INTERVAL` are omitted.
        """
        with self._database.reading() as connection:
            sent_on = {
                (row.article_id, row.due): row.on
                for row in connection.execute(select(sent_reminders))
            }
        by_address: dict[str, list[ArticleSummary]] = {}
        without_recipient = []
        for summary in summaries:
            last = sent_on.get((summary.id, summary.metadata.review_due))
            if last is not None and today - last < REMINDER_INTERVAL:
                continue
            to = _parse_address(summary.metadata.owner) or _parse_address(fallback)
            if to:
                by_address.setdefault(to, []).append(summary)
            else:
                without_recipient.append(summary)
        return [Reminder(to, tuple(due)) for to, due in by_address.items()], without_recipient

    def mark_sent(self, reminder: Reminder, today: date) -> None:
        """Record a reminder as sent."""
        with self._database.writing() as connection:
            for summary in reminder.articles:
                _record_reminder(connection, summary, today)


def build_message(
    reminder: Reminder, settings: Settings, links: Iterable[str], today: date
) -> EmailMessage:
    """Build the email for a reminder; `links` are the URLs of its articles, in order."""
    overdue = sum(_is_overdue(summary, today) for summary in reminder.articles)
    count = len(reminder.articles)
    message = EmailMessage()
    message["Subject"] = (
        f"{settings.title}: {count} {'review is' if count == 1 else 'reviews are'} due"
        + (f", {overdue} overdue" if overdue else "")
    )
    message["From"] = _build_address(settings.smtp_from)
    message["To"] = _build_address(reminder.recipient)
    lines = ["Please review these articles:", ""]
    for summary, link in zip(reminder.articles, links, strict=True):
        due_phrase = "overdue since" if _is_overdue(summary, today) else "due on"
        lines += [f"- {summary.title}, {due_phrase} {summary.metadata.review_due}", f"  {link}"]
    lines += ["", "If an article is still correct, confirm it on its page.", ""]
    message.set_content("\n".join(lines))
    return message


def send_messages(messages: Iterable[EmailMessage], settings: Settings) -> None:
    """Send messages through the configured SMTP server. Raises `MailError`."""
    try:
        with smtplib.SMTP(
            settings.smtp_host, settings.smtp_port, timeout=SMTP_TIMEOUT_SECONDS
        ) as server:
            if settings.smtp_tls:
                server.starttls()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            for message in messages:
                server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(f"{settings.smtp_host}:{settings.smtp_port}", str(error)) from error


def _is_overdue(summary: ArticleSummary, today: date) -> bool:
    return summary.metadata.review_due is not None and summary.metadata.review_due < today


def _parse_address(text: str) -> str:
    """Return the email address in an owner such as "Ann Lee <ann@hospital.example>", or ""."""
    address = parseaddr(text)[1]
    local, _, host = address.rpartition("@")
    return address if local and "." in host and address.isprintable() and " " not in address else ""


def _build_address(address: str) -> Address:
    local, _, host = address.rpartition("@")
    return Address(username=local, domain=host)


def _record_reminder(connection: Connection, summary: ArticleSummary, today: date) -> None:
    connection.execute(delete(sent_reminders).where(sent_reminders.c.article_id == summary.id))
    row = {"article_id": summary.id, "due": summary.metadata.review_due, "on": today}
    connection.execute(insert(sent_reminders).values(row))
