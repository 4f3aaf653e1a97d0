"""JSON types of imports."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import TypedDict

from web.schemas.types import means


class ImportedArticleResponse(TypedDict):
    """The result for one imported article."""

    id: Annotated[str, means("The local id of the article.")]
    title: str
    status: Annotated[str, means("added, updated or unchanged.")]
    versions_added: Annotated[list[int], means("The numbers of the new versions.")]
    conflict: Annotated[
        str | None,
        means(
            "The conflict to resolve: diverged (both sides have new versions; the incoming one is "
            "a draft), retired-here (incoming versions are drafts) or retired-there (nothing was "
            "retired here)."
        ),
    ]
    notes: Annotated[
        list[str], means("Notes such as changed ids, each to be read after the article's id.")
    ]


class ImportReportResponse(TypedDict):
    """The result of an import or a dry run."""

    made_at: Annotated[str, means("When the export was created.")]
    added: int
    updated: int
    unchanged: int
    conflicts: Annotated[int, means("The number of articles with conflicts.")]
    sources: Annotated[int, means("The number of source files added.")]
    vocabulary: Annotated[
        dict[str, str],
        means("The result for each vocabulary file."),
    ]
    articles: list[ImportedArticleResponse]
    notes: Annotated[list[str], means("Missing or omitted content.")]
