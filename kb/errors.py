"""The error tree: every error that a person may meet, in one place.

A class writes its own message, and the message says what to do about it. Foreign exceptions are
translated into these at the seam where they arise (``raise ... from``); HTTP statuses and exit
codes are mapped from these classes in one place each (``web/middleware/error_handlers.py``, ``web/cli``).

::

    KnowledgeBaseError
    ├── InstallationError        a part of the program is missing
    ├── SettingsError            a setting is wrong
    ├── HomeError                KB_HOME names no folder that can be used
    ├── ServerError              the site cannot listen where it was told to
    ├── TaxonomyError            the taxonomy file is wrong
    ├── RulesError               the file of editorial checks is wrong
    ├── JudgementsError          a file of judged queries, or a saved run of them, is wrong
    ├── SynonymsError            a line of the synonyms is wrong
    ├── StoreError               the database cannot be used
    │   ├── RefusedError         the database does not take this one thing
    │   ├── NoKnowledgeBaseError nothing has been created at KB_HOME
    │   └── SchemaVersionError   the database is of another version of this program
    ├── BackupError              a backup cannot be written, read or put in place
    ├── MailError                a mail cannot be sent
    ├── ExportError              an export cannot be written, or is not what it should be
    ├── PackError                a downtime pack cannot be written, or is none
    ├── NotFoundError            an article or a passage that does not exist
    ├── CorrectionError          a correction that cannot be made
    ├── AccountError             an account, a password or a token that cannot be so
    │   └── DirectoryError       the directory does not answer as it must
    ├── WaitError                signing in failed too often
    ├── SignInNeededError        only for people with an account
    ├── ForbiddenError           somebody may not do this
    ├── StateError               a change that the article's state does not allow
    │   └── ConflictError        somebody else has saved the article meanwhile
    ├── SourceError              a source that cannot be read into an article
    ├── SandboxError             no process to read sources in can be started
    ├── QueryError               a search that cannot be understood
    └── SearchIndexError             the derived index cannot be used
        ├── IndexMissingError    there is none yet
        ├── IndexStampError      it was built by another schema, analysis or taxonomy
        ├── IndexDamagedError    its files are not what was committed
        └── IndexBusyError       another process is writing it
"""

from __future__ import annotations

import sys
from enum import StrEnum

REBUILD = "kb index rebuild"
WHOLE_FILE = "the whole file"  # the place of a mistake that is nowhere in particular


class KnowledgeBaseError(Exception):
    """The root of every error that this program raises on purpose.

    `code` identifies the cause where a class has several; it stays when a message is reworded.
    """

    def __init__(self, message: str = "", *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class InstallationError(KnowledgeBaseError):
    """A part of the program is missing."""


class SettingsError(KnowledgeBaseError):
    """A setting is wrong: `setting` is its name, "" where it is the whole file."""

    def __init__(self, problem: str, *, setting: str = "", code: str = "") -> None:
        self.setting = setting
        super().__init__(f"{problem} Settings are described in docs/settings.md.", code=code)


class HomeError(KnowledgeBaseError):
    """KB_HOME names no folder that can be used."""

    def __init__(self, home: object, problem: str, mend: str, *, code: str = "") -> None:
        self.home = home
        super().__init__(f"KB_HOME, {home}, {problem}. {mend}", code=code)


class ServerError(KnowledgeBaseError):
    """The site cannot listen where it was told to."""


class TaxonomyError(KnowledgeBaseError):
    """The taxonomy file is wrong."""

    def __init__(self, path: str, place: str, problem: str, *, code: str = "") -> None:
        self.path, self.place = path, place
        super().__init__(f"{path}, {place}: {problem}", code=code)


class RulesError(KnowledgeBaseError):
    """The file of editorial checks is wrong: names the file, the table in it and the key."""

    def __init__(
        self, path: str, place: str, problem: str, *, key: str = "", code: str = ""
    ) -> None:
        self.path, self.place, self.key = path, place, key
        super().__init__(f"{path}, {place}: {problem}", code=code)


class SynonymsError(KnowledgeBaseError):
    """A line of the synonyms is wrong: names the file, the line and the mend."""

    def __init__(self, path: str, line: int, problem: str, mend: str, *, code: str = "") -> None:
        self.path, self.line = path, line
        super().__init__(f"{path}, line {line}: {problem}. {mend}", code=code)


class JudgmentsError(KnowledgeBaseError):
    """A file of judged queries, or a saved run of them, is wrong: a sentence for each line."""

    def __init__(self, path: str, *faults: str, code: str = "") -> None:
        self.path, self.faults = path, faults
        super().__init__("\n".join(f"{path}, {fault}" for fault in faults), code=code)


class StoreError(KnowledgeBaseError):
    """The database cannot be used."""


class RejectedError(StoreError):
    """The database does not take this one thing; it can be used for others."""

    def __init__(self, database: str, detail: str) -> None:
        self.database, self.detail = database, detail
        super().__init__(
            f"The database {database} does not take this ({detail}). Nothing of it was saved; "
            "please report this with what was to be saved."
        )


class NoKnowledgeBaseError(StoreError):
    """Nothing has been created at KB_HOME."""

    def __init__(self, home: str) -> None:
        self.home = home
        super().__init__(f"There is no knowledge base at {home}. Run `kb init` to create one.")


class SchemaVersionError(StoreError):
    """The database is of another version of this program."""

    def __init__(self, found: str | None, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(
            f"The database is at schema {found or 'none'}, this program needs {expected}. "
            "Run `kb init` with this version to upgrade it, or use the version that wrote it."
        )


class BackupError(KnowledgeBaseError):
    """A backup cannot be written, read or put in place."""

    def __init__(self, path: object, problem: str, mend: str, *, code: str = "") -> None:
        self.path = path
        super().__init__(f"{path} {problem}. {mend}", code=code)


class MailError(KnowledgeBaseError):
    """A mail cannot be handed to the mail server."""

    def __init__(self, server: str, detail: str) -> None:
        self.server, self.detail = server, detail
        super().__init__(
            f"The mail server {server} took no mail ({detail}). Nobody counts as reminded; check "
            "smtp_host and its neighbours in the settings, then run the command again."
        )


class ExportError(KnowledgeBaseError):
    """An export cannot be written, or is not what it should be: names the member and the mend."""

    def __init__(
        self,
        path: object,
        member: str,
        problem: str,
        mend: str,
        *,
        place: str = "",
        code: str = "",
    ) -> None:
        self.path, self.member, self.place = path, member, place
        where = ", ".join(str(part) for part in (path, member, place) if part)
        super().__init__(f"{where} {problem}. {mend}", code=code)


class OfflinePackError(KnowledgeBaseError):
    """A downtime pack cannot be written, or is none."""

    def __init__(self, folder: object, problem: str, mend: str, *, code: str = "") -> None:
        self.folder = folder
        super().__init__(f"{folder} {problem}. {mend}", code=code)


class NotFoundError(KnowledgeBaseError):
    """An article or a passage that does not exist."""

    def __init__(self, what: str, name: str) -> None:
        self.what, self.name = what, name
        super().__init__(f"There is no {what} {name!r}. `kb list` shows the articles there are.")


class CorrectionError(KnowledgeBaseError):
    """A correction that cannot be made."""


class AccountError(KnowledgeBaseError):
    """An account, a password or a token that cannot be so."""


class LoginThrottledError(KnowledgeBaseError):
    """Signing in failed too often: `seconds` says when to try again."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(
            f"Signing in failed several times. Wait {seconds} {unit} before you try again."
        )


class OidcError(AccountError):
    """The directory that people sign in through does not answer as it must."""

    def __init__(self, problem: str, *, code: str = "") -> None:
        super().__init__(
            f"Signing in through the directory failed: {problem} Try again; if it goes on, show "
            "this to whoever runs the site.",
            code=code,
        )


class AuthenticationRequiredError(KnowledgeBaseError):
    """Only for people with an account."""

    def __init__(self) -> None:
        super().__init__("This is for people with an account. Sign in, or send a token.")


class ForbiddenError(KnowledgeBaseError):
    """Somebody may not do this."""


class WorkflowStateError(KnowledgeBaseError):
    """A change that the article's state does not allow."""


class EditConflictError(WorkflowStateError):
    """Somebody else has saved the article meanwhile."""

    def __init__(self, article_id: str, made_from: int, newest: int) -> None:
        self.article_id, self.made_from, self.newest = article_id, made_from, newest
        super().__init__(
            f"While you worked on version {made_from} of {article_id}, somebody saved version "
            f"{newest}. Nothing of yours is lost: compare both, then go on."
        )


class SourceProblem(StrEnum):
    """Why a source gives no article. The values are stable: programs may compare them."""

    # Finding and opening it
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
    # Limits of a reader
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
    # The web
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
    # The process that reads it
    MEMORY = "memory"
    PROCESSOR_TIME = "processor-time"
    ELAPSED_TIME = "elapsed-time"
    OUTPUT = "output"
    FILE_WRITE = "file-write"
    BAD_ANSWER = "bad-answer"
    CRASH = "crash"
    FAULT = "fault"


class SourceError(KnowledgeBaseError):
    """A source that cannot be read into an article: names the source, the place and the mend.

    `code` is a `SourceProblem`.
    """

    def __init__(
        self, source: str, problem: str, mend: str, place: str = "", *, code: str = ""
    ) -> None:
        self.source, self.problem, self.mend, self.place = source, problem, mend, place
        where = f"{source}, {place}" if place else source
        super().__init__(f"{where}: {problem} {mend}", code=code)

    def __reduce__(
        self,
    ) -> tuple[type[SourceError], tuple[str, str, str, str], dict[str, str]]:
        return type(self), (self.source, self.problem, self.mend, self.place), {"code": self.code}


class SandboxError(KnowledgeBaseError):
    """No process to read sources in can be started."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"No process to read sources in could be started ({detail}). "
            f"Check the installation with `{sys.executable} -I -c 'import ingest.workers.sandbox'`."
        )


class QueryError(KnowledgeBaseError):
    """A search that cannot be understood."""


class SearchIndexError(KnowledgeBaseError):
    """The derived index cannot be used; the articles themselves are safe in the store."""


class IndexMissingError(SearchIndexError):
    """There is no index yet."""

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(f"There is no search index at {place}. Run `{REBUILD}` to build it.")


class IndexVersionError(SearchIndexError):
    """The index was built by another schema, analysis or taxonomy."""

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(
            f"The search index carries the stamp {found}, this program writes {expected}. "
            f"Run `{REBUILD}` to build it anew."
        )


class IndexCorruptError(SearchIndexError):
    """The files of the index are not what was committed."""

    def __init__(self, detail: str, *, code: str = "") -> None:
        self.detail = detail
        super().__init__(
            f"The search index is damaged ({detail}). Run `{REBUILD}` to build it anew.",
            code=code,
        )


class IndexLockedError(SearchIndexError):
    """Another process is writing the index."""

    def __init__(self) -> None:
        super().__init__("Another process is writing the search index. Try again when it is done.")
