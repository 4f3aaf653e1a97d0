"""`kb export-leaflets`: patient leaflets for an electronic health record."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json, warn
from web.presentation.formatting import count_phrase
from web.presentation.urls import DEFAULT_SITE_URL, UrlBuilder


@click.command("export-leaflets")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def leaflets(folder: Path, as_json: bool) -> None:
    """Write patient leaflets (PDF) for the published articles that have codes.

    File names follow OpenEMR's local patient education, such as icd10_m17.11_en.pdf. Running it
    again writes changed leaflets and removes those of retired articles; other files are kept.

    \b
    Examples:
      kb export-leaflets /var/www/openemr/sites/default/documents/education
    """
    # Imported here because the PDF library is slow to import.
    from web.integrations.patient_leaflets.export import export_leaflets  # noqa: PLC0415

    base = open_base(load_settings())
    urls = UrlBuilder((base.settings.public_url or DEFAULT_SITE_URL).rstrip("/"))
    done = export_leaflets(
        base.store, folder, site=base.settings.title, urls=urls, today=date.today()
    )
    notes = [str(note) for note in done.notes]
    warn(notes)
    if not base.settings.public_url:
        warn(
            [
                f"public_url is not set, so the leaflets link to {DEFAULT_SITE_URL}. "
                "See docs/settings.md."
            ]
        )
    if as_json:
        print_json(
            {
                "written": list(done.written),
                "unchanged": done.unchanged,
                "removed": list(done.removed),
                "notes": notes,
            }
        )
        return
    click.echo(
        f"{count_phrase(len(done.written), 'leaflet')} written, {done.unchanged} unchanged,"
        f" {len(done.removed)} removed."
    )
