"""`kb export-education`: sheets for patients, as files that a health record serves."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json, warn
from web.presentation.urls import LOCAL, UrlBuilder


@click.command("export-education")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print one object on what was done.")
def export_education(folder: Path, as_json: bool) -> None:
    """Write the published articles that have codes as PDF files into a folder.

    Named as OpenEMR's local patient education looks for them: icd10_m17.11_en.pdf. Running it
    again writes what has changed and removes what was retired; other files are left alone.

    \b
    Examples:
      kb export-education /var/www/openemr/sites/default/documents/education
    """
    # Only here: what makes a PDF is large, and no other command waits for it.
    from web.integrations.patient_leaflets.export import export_leaflets  # noqa: PLC0415

    base = open_base(load_settings())
    here = UrlBuilder((base.settings.public_url or LOCAL).rstrip("/"))
    done = export_leaflets(
        base.store, folder, site=base.settings.title, here=here, today=date.today()
    )
    notes = [str(note) for note in done.notes]
    warn(notes)
    if not base.settings.public_url:
        warn([f"public_url is not set, so that the sheets lead to {LOCAL}: see docs/settings.md."])
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
        f"{len(done.written)} files written, {done.unchanged} as they were,"
        f" {len(done.removed)} removed."
    )
