"""An article as it travels: all of its versions, as one file of an export that people can read.

Here stand the values, what may be in them, and their JSON; docs/moving.md tells every field. What
is read here comes from outside: every value is of its type, every length and number is within
bounds, and what the tables promise of one another (a published version is there, a passage's id
stands in one article) is checked before anything is written. `kb.exchange.archive_reader` reads the archive.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, ConfigDict, TypeAdapter, ValidationError

from kb.errors import WHOLE_FILE, CorrectionError
from kb.model.article import Article, Block, Metadata, Section
from kb.model.corrections import Correction, CorrectionKind, validate_correction
from kb.model.passage import Passage
from kb.model.records import ArticleStatus

T = TypeVar("T")

ARTICLE_ID = re.compile(
    r"[a-z0-9][a-z0-9-]{0,119}"
)  # as `kb.storage.article_writer` makes them; no path
PASSAGE_ID = re.compile(r"[a-z0-9]{1,20}")
TAG_KEY = re.compile(r"[^\s\0]{1,60}")
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_DEPTH = 100  # a list within lists; each level is two characters before every item that is shown
MAX_ITEMS = 10_000  # rows of a table that are headers, pages of a source, versions of an article

YEARS = range(1900, 9000)  # beyond, a zone carries a moment out of what can be written


def _written_in(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise ValueError(f"the year is not {YEARS.start} to {YEARS.stop - 1}")
    return moment


When = Annotated[AwareDatetime, AfterValidator(_written_in)]

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedVersion:
    """One version of an article: never changed once it is written."""

    number: int
    created_at: When
    created_by: str
    source_sha256: str
    coverage: float
    warnings: tuple[str, ...] = ()
    title: str
    metadata: Metadata
    sections: tuple[Section, ...]
    passages: tuple[Passage, ...]

    __pydantic_config__ = _STRICT

    @property
    def article(self) -> Article:
        """Its text and facts."""
        return Article(self.title, self.sections, self.metadata)

    @property
    def content(self) -> tuple[Article, tuple[Passage, ...]]:
        """What makes two versions the same, whoever saved them when: text, facts and tags."""
        return self.article, tuple(replace(passage, id="") for passage in self.passages)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedEditorTag:
    """What an editor said of a tag of a passage."""

    passage_id: str
    tag: str
    present: bool
    actor: str
    at: When

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCorrection:
    """What an editor corrected, to be laid over the next reading of the source, too."""

    what: CorrectionKind
    place: tuple[str, ...] = ()
    old: str = ""
    new: str = ""
    actor: str
    at: When

    __pydantic_config__ = _STRICT

    @property
    def correction(self) -> Correction:
        """It, without who made it when."""
        return Correction(self.what, self.place, self.old, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedState:
    """Which version is found, since when, and why none is.

    `confirmed_on` and `confirmed_due` say when it was last found to be right, and until when.
    """

    status: ArticleStatus
    published_version: int | None = None
    published_at: When | None = None
    updated_at: When
    confirmed_on: date | None = None
    confirmed_due: date | None = None
    retired_reason: str = ""
    replaced_by: str = ""

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedArticle:
    """An article, whole. `source_key` says which source it is made from, here and elsewhere."""

    id: str
    source_key: str
    state: ExportedState
    versions: tuple[ExportedVersion, ...]
    editor_tags: tuple[ExportedEditorTag, ...] = ()
    corrections: tuple[ExportedCorrection, ...] = ()  # in the order in which they were made

    __pydantic_config__ = _STRICT

    @property
    def newest(self) -> ExportedVersion:
        """The last version."""
        return self.versions[-1]


@cache
def _adapter() -> TypeAdapter[ExportedArticle]:
    return TypeAdapter(ExportedArticle)


class InvalidExportError(ValueError):
    """A place in an article, and what is wrong there."""

    def __init__(self, place: str, problem: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(f"{place}: {problem}")


def dump_article(article: ExportedArticle) -> bytes:
    """Return an article as JSON, a value to a line."""
    return _adapter().dump_json(article, indent=1, exclude_defaults=True) + b"\n"


def load_article(content: bytes) -> ExportedArticle:
    """Read an article; raises `InvalidExportError`."""
    article = validate(_adapter(), content)
    for place, problem in _faults(article):
        raise InvalidExportError(place, problem)
    return article


def validate(adapter: TypeAdapter[T], content: bytes) -> T:
    """Return the value that JSON says; raises `InvalidExportError`, which names the first wrong place."""
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or WHOLE_FILE
        raise InvalidExportError(place, first["msg"]) from error


def passages_of(article: ExportedArticle) -> dict[str, Passage]:
    """Return every passage that an article ever had, by id, as it first stood there."""
    found: dict[str, Passage] = {}
    for version in article.versions:
        for passage in version.passages:
            found.setdefault(passage.id, passage)
    return found


# What types cannot say


def _faults(article: ExportedArticle) -> Iterator[tuple[str, str]]:
    yield from _plain("source_key", article.source_key)
    if not ARTICLE_ID.fullmatch(article.id):
        yield "id", "is not letters of a to z, digits and hyphens, 120 at most"
    if not 1 <= len(article.versions) <= MAX_ITEMS:
        yield "versions", f"are not 1 to {MAX_ITEMS:,}"
    yield from _faults_of_state(article)
    known: set[str] = set()
    for place, version in enumerate(article.versions):
        if version.number != place + 1:
            yield f"versions.{place}.number", f"is not {place + 1}: they count from 1"
        yield from _faults_of_version(f"versions.{place}", version)
        known.update(passage.id for passage in version.passages)
    yield from _faults_of_tags(article.editor_tags, known)
    for number, one in enumerate(article.corrections):
        try:
            validate_correction(one.correction)
        except CorrectionError as error:
            yield f"corrections.{number}", f"cannot be made: {error}"
        yield from _plain(f"corrections.{number}", f"{one.old}{one.new}{one.actor}")


def _faults_of_state(article: ExportedArticle) -> Iterator[tuple[str, str]]:
    state = article.state
    yield from _plain("state.retired_reason", state.retired_reason)
    published = state.status is ArticleStatus.PUBLISHED
    if published != (state.published_version is not None):
        yield "state.published_version", "goes with the status published, and with no other"
    if published and state.published_at is None:
        yield "state.published_at", "is missing"
    if not 1 <= (state.published_version or 1) <= len(article.versions):
        yield "state.published_version", "is not among the versions"
    if state.status is not ArticleStatus.RETIRED and (state.retired_reason or state.replaced_by):
        yield "state", "has a reason or a replacement, and is not retired"
    if state.replaced_by and not ARTICLE_ID.fullmatch(state.replaced_by):
        yield "state.replaced_by", "is not the id of an article"
    if state.replaced_by == article.id:
        yield "state.replaced_by", "is the article itself"


def _faults_of_version(place: str, version: ExportedVersion) -> Iterator[tuple[str, str]]:
    yield from _plain(f"{place}.title", version.title)
    yield from _plain(f"{place}.created_by", version.created_by)
    if not SHA256.fullmatch(version.source_sha256):
        yield f"{place}.source_sha256", "is not 64 digits of a to f and 0 to 9"
    if not 0 <= version.coverage <= 1:
        yield f"{place}.coverage", "is not between 0 and 1"
    for id_, count in Counter(passage.id for passage in version.passages).items():
        if count > 1:
            yield f"{place}.passages", f"have the id {id_!r} twice"
    for number, passage in enumerate(version.passages):
        here = f"{place}.passages.{number}"
        if not PASSAGE_ID.fullmatch(passage.id):
            yield f"{here}.id", "is not 1 to 20 letters of a to z and digits"
        for tag in passage.tags:
            if not TAG_KEY.fullmatch(tag.tag):
                yield f"{here}.tags", "have a name that is empty, has spaces or is too long"
            if not 0 <= tag.confidence <= 1:
                yield f"{here}.tags", "have a confidence that is not between 0 and 1"
        yield from _faults_of_blocks(here, passage.blocks)
    for _, section in Article(version.title, version.sections).walk():
        yield from _faults_of_blocks(f"{place}.sections", section.blocks)


def _faults_of_blocks(place: str, blocks: Sequence[Block]) -> Iterator[tuple[str, str]]:
    for number, block in enumerate(blocks):
        here = f"{place}.blocks.{number}"
        if any(not 0 <= item.depth <= MAX_DEPTH for item in block.items):
            yield f"{here}.items", f"have a depth that is not 0 to {MAX_DEPTH}"
        if not 0 <= block.header_rows <= MAX_ITEMS:
            yield f"{here}.header_rows", f"is not 0 to {MAX_ITEMS:,}"
        if not 0 <= (block.page or 0) <= MAX_ITEMS * 10:
            yield f"{here}.page", f"is not 0 to {MAX_ITEMS * 10:,}"


def _faults_of_tags(
    tags: Sequence[ExportedEditorTag], known: set[str]
) -> Iterator[tuple[str, str]]:
    said: set[tuple[str, str]] = set()
    for number, tag in enumerate(tags):
        here = f"editor_tags.{number}"
        yield from _plain(f"{here}.actor", tag.actor)
        if tag.passage_id not in known:
            yield f"{here}.passage_id", "is not the id of a passage of this article"
        if not TAG_KEY.fullmatch(tag.tag):
            yield f"{here}.tag", "is empty, has spaces or is too long"
        if (tag.passage_id, tag.tag) in said:
            yield here, "is said twice"
        said.add((tag.passage_id, tag.tag))


def _plain(place: str, text: str) -> Iterator[tuple[str, str]]:
    if "\0" in text:
        yield place, "has a NUL, which PostgreSQL does not keep"
