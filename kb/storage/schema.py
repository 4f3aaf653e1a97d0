"""The tables of the store, for SQLAlchemy Core. A change here needs a migration beside it.

A version and its passages are written once and never changed. What may change stands apart:
the state of an article (`articles`), the tags that editors set (`editor_tags`), and the change
feed (`changes`), which only grows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.types import TypeDecorator

SCHEMA = "0012"  # the newest migration; a test holds it to the folder

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, always UTC: SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return the moment in UTC for the database."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return the moment with its zone."""
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


articles = Table(
    "articles",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("source_key", Text, nullable=False, unique=True),
    Column("status", String(20), nullable=False, index=True),
    Column("latest_version", Integer, nullable=False),
    Column("published_version", Integer),
    Column("published_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("retired_reason", Text, nullable=False, default=""),
    Column("replaced_by", String(120), nullable=False, default=""),
    # When it was last said that what is published is still right, and until when.
    Column("confirmed_on", Date),
    Column("confirmed_due", Date),
)

versions = Table(
    "versions",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("metadata", Text, nullable=False),  # JSON of kb.model.article.Metadata
    Column("sections", Text, nullable=False),  # JSON of the tree of sections
    Column("warnings", Text, nullable=False),  # JSON list of sentences
    Column("passages", Integer, nullable=False),
    Column("coverage", Float, nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)

# By which saving finds an article of the same title without reading them all.
Index("ix_versions_title", func.lower(versions.c.title))

passages = Table(
    "passages",
    metadata,
    Column("article_id", String(120), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("id", String(20), nullable=False),
    Column("content", Text, nullable=False),  # JSON of kb.model.passage.Passage
    ForeignKeyConstraint(["article_id", "version"], ["versions.article_id", "versions.number"]),
    Index("ix_passages_id", "id"),
)

editor_tags = Table(
    "editor_tags",
    metadata,
    Column("passage_id", String(20), primary_key=True),
    Column("tag", String(60), primary_key=True),
    Column("present", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# The bands of `kb.storage.near_duplicates` of each article's newest version: equal keys make a candidate.
bands = Table(
    "bands",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("passage_id", String(20), primary_key=True),
    Column("article_id", ForeignKey("articles.id"), nullable=False, index=True),
)

# One row: its lock makes the order of sequence numbers the order of commits, so that a reader of
# the feed never passes over a change that was numbered early and committed late.
feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("article_id", ForeignKey("articles.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# What was searched, counted by day; `text` is empty where the words may be a person's.
searches = Table(
    "searches",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("text", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("found", Integer, nullable=False),  # of these times
    Column("changed", Integer, nullable=False),  # relaxed or corrected
    Column("opened", Integer, nullable=False),
    Column("helped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),  # "not helpful"
)

# What became of what the board shows: given to somebody, or left.
handled = Table(
    "handled",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("on", Date, nullable=False),
)

pins = Table(
    "pins",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("query", Text, nullable=False),
    Column("passage_id", String(20), nullable=False),
    Column("note", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# The content team's names for things, a line each, as `index.query.synonym_rules` reads them.
synonyms = Table(
    "synonyms",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("line", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Addresses in published articles that could not be opened when somebody asked.
dead_links = Table(
    "dead_links",
    metadata,
    Column("article_id", String(120), primary_key=True),
    Column("address", String(2000), primary_key=True),
    Column("problem", Text, nullable=False),
    Column("on", Date, nullable=False),
)

# What people corrected of an article, to be laid over the next reading of its source.
corrections = Table(
    "corrections",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("article_id", ForeignKey("articles.id"), nullable=False, index=True),
    Column("what", String(20), nullable=False),
    Column("place", Text, nullable=False),  # JSON list of headings
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# What comes in at the desk, and what is being edited there.
jobs = Table(
    "jobs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("article_id", String(120), nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("job", ForeignKey("jobs.number"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("source", Text, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("draft", Text, nullable=False),  # JSON of ingest.processing.Draft
    Column("corrections", Text, nullable=False),  # JSON of kb.model.corrections.Correction
    Column("article_id", String(120), nullable=False),
    Column("made_from", Integer),
    Column("parent", Integer),
    Column("leased_until", UtcDateTime),
)

# How a version stands on its way to being published; without a row it is a draft.
reviews = Table(
    "reviews",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("state", String(20), nullable=False, index=True),
    Column("submitted_by", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("publish_at", UtcDateTime),
)

# What people of the team said of a passage of a version, or of the whole.
comments = Table(
    "comments",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("article_id", ForeignKey("articles.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("passage_id", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
)

# Who did what, when and from where; rows are only ever added, each sealed with the one before.
trail = Table(
    "trail",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("name", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("action", String(60), nullable=False),
    Column("about", String(200), nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("seal", String(64), nullable=False),  # over this row and the seal before it
)

# People of the content team. `issuer` and `subject` are a directory's, for those whom it vouches.
accounts = Table(
    "accounts",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("shown", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("roles", Text, nullable=False),  # with commas between them
    Column("password", Text, nullable=False),  # an Argon2id hash; empty: none can be given
    Column("issuer", Text, nullable=False),
    Column("subject", Text),
    Column("disabled", Boolean, nullable=False),
    UniqueConstraint("issuer", "subject"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("name", ForeignKey("accounts.name"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("number", String(32), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("origin", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("name", ForeignKey("accounts.name"), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("used_on", Date),
)

# When somebody was last told that an article's review is due, and of which date.
reminded = Table(
    "reminded",
    metadata,
    Column("article_id", String(120), primary_key=True),
    Column("due", Date),
    Column("on", Date, nullable=False),
)

# Sign-ins through a directory that are under way: what must come back, by what a browser holds.
handshakes = Table(
    "handshakes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("state", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("wanted", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# The settings as a serving process last had them, as digests, so that a change stands in the trail.
known_settings = Table(
    "known_settings",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("digest", String(64), nullable=False),
)

# Sign-ins that failed, by hashes of name and place.
failures = Table(
    "failures",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)

# What readers looked for and told the content team of; nothing here says who they are.
asked = Table(
    "asked",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("query", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("reach", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
)
