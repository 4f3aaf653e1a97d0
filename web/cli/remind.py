"""`kb remind`: review reminders by email."""

from __future__ import annotations

from datetime import date, timedelta

import click

from kb.editorial.review_reminders import ReminderStore, build_message, send_messages
from kb.editorial.workflow import list_due_reviews
from kb.errors import SettingsError
from kb.model.records import DUE_SOON_DAYS
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json, warn
from web.presentation.urls import DEFAULT_SITE_URL, UrlBuilder


@click.command()
@click.option("--dry-run", is_flag=True, help="Show the recipients, but send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per email.")
def remind(dry_run: bool, as_json: bool) -> None:
    """Email the owners of articles that are due or overdue for review.

    Run it once a day. Each owner gets one email, which lists an article at most once in two weeks.

    \b
    Examples:
      kb remind --dry-run
      kb remind
    """
    base = open_base(load_settings())
    settings, today = base.settings, date.today()
    if not (dry_run or (settings.smtp_host and settings.smtp_from)):
        raise SettingsError("smtp_host or smtp_from is not set. Set both to send email.")
    summaries = list_due_reviews(base.store.summaries(), today + timedelta(days=DUE_SOON_DAYS))
    reminding = ReminderStore(base.store.database)
    reminders, without_recipient = reminding.list_due(
        summaries, settings.review_fallback_email, today
    )
    urls = UrlBuilder((settings.public_url or DEFAULT_SITE_URL).rstrip("/"))
    for reminder in reminders:
        links = [urls.desk_article(summary.id) for summary in reminder.articles]
        if not dry_run:
            send_messages([build_message(reminder, settings, links, today)], settings)
            reminding.mark_sent(reminder, today)
        if as_json:
            articles = [summary.id for summary in reminder.articles]
            print_json({"to": reminder.recipient, "articles": articles, "sent": not dry_run})
        else:
            titles = ", ".join(summary.title for summary in reminder.articles)
            click.echo(f"{reminder.recipient}: {titles}")
    warn(
        f"{summary.title} ({summary.id}): no reminder sent. Its owner has no email address and "
        "review_fallback_email is not set."
        for summary in without_recipient
    )
    if not (reminders or as_json):
        click.echo("There are no reminders to send.")
