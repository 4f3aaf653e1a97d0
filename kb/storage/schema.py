"""Database schema as SQLAlchemy Core tables. Every change needs a migration.

Rows of `versions` and `passages` are written once and never changed. Mutable state is stored
separately: the status of an article (`articles`) and editor tags (`editor_tags`). The change feed
(`change_feed`) and the audit log (`audit_log`) are append-only.
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
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.types import TypeDecorator

SCHEMA = "0016"  # latest migration; a test compares it with the folder

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """UTC date and time. SQLite does not store the time zone, so it is restored on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Convert the value to UTC for the database."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Add the time zone to a value from the database."""
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
    # Dates of the last confirmation of the published version and of its next review.
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
    Column("sections", Text, nullable=False),  # JSON of the section tree
    Column("warnings", Text, nullable=False),  # JSON list of sentences
    Column("differences", Text, nullable=False, default="[]"),  # from the source; as `warnings`
    Column("passages", Integer, nullable=False),
    Column("coverage", Float, nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)

# For the lookup of articles with the same title.
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

# Bands of the latest version of each article (`kb.storage.near_duplicates`): passages with an equal
# key are candidates.
near_duplicate_bands = Table(
    "near_duplicate_bands",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("passage_id", String(20), primary_key=True),
    Column("article_id", ForeignKey("articles.id"), nullable=False, index=True),
)

# A single row, locked by every write transaction, so that sequence numbers follow the commit order
# and readers never miss a change that is numbered early and committed late.
change_feed_position = Table(
    "change_feed_position",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
)

change_feed_table = Table(
    "change_feed",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("article_id", ForeignKey("articles.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Vectors of published passages for reranking. `text_hash` is the hash of the embedded text, `seq`
# the change feed position at which the vector was computed.
passage_vectors = Table(
    "passage_vectors",
    metadata,
    Column("passage_id", String(20), primary_key=True),
    Column("model", String(60), nullable=False),
    Column("article_id", String(120), nullable=False, index=True),
    Column("text_hash", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False, index=True),
    Column("vector", LargeBinary, nullable=False),
)

# A single row: the change feed position up to which the vectors of `model` are complete, and the
# process that computes the next ones.
vector_progress = Table(
    "vector_progress",
    metadata,
    Column("model", String(60), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("holder", String(32), nullable=False),
    Column("leased_until", UtcDateTime, nullable=False),
)

# Daily query counters. `text` is empty if the query may identify a person.
query_stats_table = Table(
    "query_stats",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("text", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("found", Integer, nullable=False),  # searches with results
    Column("changed", Integer, nullable=False),  # relaxed or corrected
    Column("opened", Integer, nullable=False),
    Column("helped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),  # "not helpful"
)

# Triage decisions for items of the search report: assigned or dismissed.
query_triage = Table(
    "query_triage",
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

# Synonym rules of the content team, in the syntax of `index.query.synonym_rules`.
synonyms = Table(
    "synonyms",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("line", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# URLs in published articles that could not be opened in the last check.
dead_links = Table(
    "dead_links",
    metadata,
    Column("article_id", String(120), primary_key=True),
    Column("address", String(2000), primary_key=True),
    Column("problem", Text, nullable=False),
    Column("on", Date, nullable=False),
)

# Editor corrections, re-applied when the source is ingested again.
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

# Import jobs and edits in progress, with their items.
import_jobs_table = Table(
    "import_jobs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("article_id", String(120), nullable=False),
)

import_items = Table(
    "import_items",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("job", ForeignKey("import_jobs.number"), nullable=False, index=True),
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

# Workflow state of a version; a version without a row is a draft.
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

# Review comments on a passage, or on the whole article if `passage_id` is empty.
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

# Audit log: append-only and hash-chained.
audit_log_table = Table(
    "audit_log",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("name", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("action", String(60), nullable=False),
    Column("about", String(200), nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("seal", String(64), nullable=False),  # hash of this row and of the previous `seal`
)

# User accounts. `issuer` and `subject` identify users of an OpenID Connect identity provider.
users_table = Table(
    "users",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("shown", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("roles", Text, nullable=False),  # comma-separated
    Column("password", Text, nullable=False),  # Argon2id hash; empty disables password sign-in
    Column("issuer", Text, nullable=False),
    Column("subject", Text),
    Column("disabled", Boolean, nullable=False),
    UniqueConstraint("issuer", "subject"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("name", ForeignKey("users.name"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("number", String(32), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("origin", Text, nullable=False),
)

api_tokens_table = Table(
    "api_tokens",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("name", ForeignKey("users.name"), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("used_on", Date),
)

# Sent review reminders: the due date that they refer to, and the day on which they were sent.
sent_reminders = Table(
    "sent_reminders",
    metadata,
    Column("article_id", String(120), primary_key=True),
    Column("due", Date),
    Column("on", Date, nullable=False),
)

# Pending OpenID Connect sign-ins, by a hash of the browser's cookie.
oidc_states = Table(
    "oidc_states",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("state", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("wanted", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Digests of the settings at the last start of the server, to detect changes for the audit log.
known_settings = Table(
    "known_settings",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("digest", String(64), nullable=False),
)

# Failed sign-ins, by a hash of the name and the IP address.
login_failures = Table(
    "login_failures",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)

# Anonymous content requests from readers.
content_requests_table = Table(
    "content_requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("query", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("reach", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
)
