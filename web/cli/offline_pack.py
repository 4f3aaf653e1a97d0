"""`kb pack`: write and verify the offline pack."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

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
        made = build_pack(
            store,
            load_taxonomy(settings.home),
            build_synonyms(curated, settings.home / SYNONYMS_FILE),
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
                "made_at": made.made_at.isoformat(timespec="seconds"),
                "articles": made.articles,
                "passages": made.passages,
                **_json(folder, made.written),
            }
        )
        return
    click.echo(
        f"{folder}: {count_phrase(made.articles, 'article')}, {_summarize(made.written)}.\n"
        f"Checksum of the pack: {made.written.sha256}"
    )


def _verify(folder: Path, *, as_json: bool) -> None:
    found, faults = verify_pack(folder)
    if as_json:
        print_json({**_json(folder, found), "faults": list(faults)})
    else:
        warn(faults)
        state = count_phrase(len(faults), "fault") if faults else "intact"
        click.echo(f"{folder}: {state}, {_summarize(found)}.\nChecksum of the pack: {found.sha256}")
    if faults:
        sys.exit(1)


def _json(folder: Path, written: WrittenPack) -> dict[str, object]:
    return {
        "folder": str(folder),
        "files": written.files,
        "bytes": written.bytes,
        "sha256": written.sha256,
    }


def _summarize(written: WrittenPack) -> str:
    return f"{count_phrase(written.files, 'file')}, {written.bytes / 1e6:,.1f} MB"
