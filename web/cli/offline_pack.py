"""`kb pack`: write and verify the offline pack."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from index.query.intents import load_intents
from kb.model.taxonomy import load_taxonomy
from kb.settings import load_settings
from kb.storage.article_store import ArticleStore
from kb.storage.curation_store import CurationStore
from web.cli.common import print_json, warn
from web.integrations.offline_pack.builder import build_pack
from web.integrations.offline_pack.output import WrittenPack, verify_pack
from web.presentation.formatting import count_phrase
from web.services.curation_sync import SYNONYMS_FILE, build_synonyms


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--verify", "only_verify", is_flag=True, help="Verify a pack against its checksums.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def pack(folder: Path, *, only_verify: bool, as_json: bool) -> None:
    """Write the published articles as static pages for when the site is unavailable.

    Any browser can open the folder from a memory stick or a network share, without a server; the
    pages include a search. Running the command again replaces the pack; an interrupted run leaves
    the old one unchanged. With --verify nothing is written, and a changed file exits with status 1.

    \b
    Examples:
      kb pack /media/stick/clinical-kb
      kb pack /media/stick/clinical-kb --verify
    """
    if only_verify:
        _verify(folder, as_json=as_json)
        return
    settings = load_settings()
    store = ArticleStore.open(settings.database_url)
    try:
        curated = CurationStore(store.database).load()
        report = build_pack(
            store,
            load_taxonomy(settings.home),
            build_synonyms(curated, settings.home / SYNONYMS_FILE),
            load_intents(settings.home),
            folder,
            settings=settings,
            now=datetime.now().astimezone(),
            pins=curated.pins,
        )
    finally:
        store.close()
    if as_json:
        print_json(
            {
                "made_at": report.made_at.isoformat(timespec="seconds"),
                "articles": report.articles,
                "passages": report.passages,
                **_json(folder, report.written),
            }
        )
        return
    click.echo(
        f"{folder}: {count_phrase(report.articles, 'article')}, {_summarize(report.written)}.\n"
        f"Checksum of the pack: {report.written.sha256}"
    )


def _verify(folder: Path, *, as_json: bool) -> None:
    written, problems = verify_pack(folder)
    if as_json:
        print_json({**_json(folder, written), "faults": list(problems)})
    else:
        warn(problems)
        state = count_phrase(len(problems), "fault") if problems else "intact"
        click.echo(
            f"{folder}: {state}, {_summarize(written)}.\nChecksum of the pack: {written.sha256}"
        )
    if problems:
        sys.exit(1)


def _json(folder: Path, pack: WrittenPack) -> dict[str, object]:
    return {
        "folder": str(folder),
        "files": pack.files,
        "bytes": pack.bytes,
        "sha256": pack.sha256,
    }


def _summarize(pack: WrittenPack) -> str:
    return f"{count_phrase(pack.files, 'file')}, {pack.bytes / 1e6:,.1f} MB"
