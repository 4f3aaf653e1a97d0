"""What an import answers."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import TypedDict

from web.schemas.types import means


class ImportedArticleResponse(TypedDict):
    """What became of one article of an export."""

    id: Annotated[str, means("What it is called here.")]
    title: str
    status: Annotated[str, means("added, updated or unchanged.")]
    versions_added: Annotated[list[int], means("The numbers of its new versions.")]
    conflict: Annotated[
        str | None,
        means(
            "Why a person has to decide: diverged (both sides have new versions; the incoming one "
            "is a draft), retired-here (incoming versions are drafts) or retired-there (nothing "
            "was retired here)."
        ),
    ]
    notes: Annotated[list[str], means("New names and ids; the id belongs before each.")]


class ImportReportResponse(TypedDict):
    """What an import did, or would do."""

    made_at: Annotated[str, means("When the export was made.")]
    added: int
    updated: int
    unchanged: int
    conflicts: Annotated[int, means("Articles about which a person has to decide.")]
    sources: Annotated[int, means("Original sources that were not here.")]
    vocabulary: Annotated[
        dict[str, str],
        means("What became of each file that was taken."),
    ]
    articles: list[ImportedArticleResponse]
    notes: Annotated[list[str], means("What is missing here, or was left out.")]
