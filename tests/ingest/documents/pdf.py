"""Writer of small PDF files with text, lines, boxes, images, annotations and a password."""

from __future__ import annotations

import hashlib
import textwrap
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

FONTS = {
    "": "Helvetica",
    "b": "Helvetica-Bold",
    "i": "Helvetica-Oblique",
    "c": "Courier",
    "w": "ABCDEF+Wingdings",
}
SPECIAL_FONTS = {
    "s": "/BaseFont /Symbol",
    # "a", "b" ... are the letters of the Hebrew alphabet.
    "h": "/BaseFont /Helvetica /Encoding << /Type /Encoding /Differences [97 "
    + " ".join(f"/afii{57664 + at}" for at in range(26))
    + "] >>",
}
HEIGHT = 800
PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


@dataclass
class Page:
    """Page under construction. y counts from the top, as in the reader."""

    operators: list[str] = field(default_factory=list)
    width: int = 600
    turned: int = 0
    annotations: list[str] = field(default_factory=list)
    appearance: str = ""  # operators of the stamp

    def annotation(self, kind: str, keys: str) -> Page:
        """Add an annotation; `keys` are written as in the file."""
        self.annotations.append(
            f"<< /Type /Annot /Subtype /{kind} /Rect [10 10 90 30] /F 4 {keys} >>"
        )
        return self

    def stamp(self, text: str, kind: str = "Stamp", keys: str = "") -> Page:
        """Add a stamp or a watermark annotation that displays a text, once per page."""
        self.annotation(kind, f"/AP << /N @ >> {keys}")
        self.appearance = f"BT /F 12 Tf 1 0 0 1 5 5 Tm ({text}) Tj ET"
        return self

    def link(self, x0: float, y0: float, x1: float, y1: float, action: str) -> Page:
        """Add a link over a rectangle; `action` are the keys of its action."""
        self.annotations.append(
            f"<< /Type /Annot /Subtype /Link /Rect [{x0} {HEIGHT - y1} {x1} {HEIGHT - y0}] "
            f"/A << {action} >> >>"
        )
        return self

    def text(self, x: float, y: float, text: str, size: float = 10, font: str = "") -> Page:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.operators.append(
            f"BT /F{font} {size} Tf 1 0 0 1 {x} {HEIGHT - y} Tm ({escaped}) Tj ET"
        )
        return self

    def lines(self, x: float, y: float, text: str, width: int = 90, **style: object) -> float:
        """Write wrapped text with 12 points per line, and return the y of the next line."""
        for line in textwrap.wrap(text, width, break_on_hyphens=False):
            self.text(x, y, line, **style)  # type: ignore[arg-type]
            y += 12
        return y

    def upright(self, x: float, y: float, text: str, size: float = 10) -> Page:
        self.operators.append(f"BT /F {size} Tf 0 1 -1 0 {x} {HEIGHT - y} Tm ({text}) Tj ET")
        return self

    def slanted(self, x: float, y: float, text: str, size: float) -> Page:
        """Write text that rises by 45 degrees."""
        self.operators.append(
            f"BT /F {size} Tf 0.7071 0.7071 -0.7071 0.7071 {x} {HEIGHT - y} Tm ({text}) Tj ET"
        )
        return self

    def pale(self, x: float, y: float, text: str, size: float) -> Page:
        self.operators.append("0.8 g")
        self.text(x, y, text, size)
        self.operators.append("0 g")
        return self

    def strike_out(self, x0: float, y0: float, x1: float, y1: float, flags: int = 4) -> Page:
        """Add a strike-out annotation over a rectangle."""
        top, bottom = HEIGHT - y0, HEIGHT - y1
        self.annotations.append(
            f"<< /Type /Annot /Subtype /StrikeOut /Rect [{x0} {bottom} {x1} {top}] /F {flags} "
            f"/QuadPoints [{x0} {top} {x1} {top} {x0} {bottom} {x1} {bottom}] >>"
        )
        return self

    def line(self, x0: float, y0: float, x1: float, y1: float) -> Page:
        self.operators.append(f"{x0} {HEIGHT - y0} m {x1} {HEIGHT - y1} l S")
        return self

    def box(self, x0: float, y0: float, x1: float, y1: float, paint: str = "S") -> Page:
        self.operators.append(f"{x0} {HEIGHT - y1} {x1 - x0} {y1 - y0} re {paint}")
        return self

    def grid(self, xs: list[float], ys: list[float]) -> Page:
        for y in ys:
            self.line(xs[0], y, xs[-1], y)
        for x in xs:
            self.line(x, ys[0], x, ys[-1])
        return self

    def image(self) -> Page:
        self.operators.append("q 500 0 0 700 50 50 cm /Im Do Q")
        return self


def pdf(*pages: Page, password: str = "", **information: str) -> bytes:
    """Return a PDF file. `information` is its document information dictionary."""
    fonts = " ".join(
        f"/F{key} << /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
        for key, name in FONTS.items()
    )
    fonts += " " + " ".join(
        f"/F{key} << /Type /Font /Subtype /Type1 {font} >>" for key, font in SPECIAL_FONTS.items()
    )
    info = " ".join(f"/{key} ({value})" for key, value in information.items())
    annotations = [keys for page in pages for keys in page.annotations]
    first = 5 + 2 * len(pages)  # object number of the first annotation
    fields = [first + at for at, keys in enumerate(annotations) if "/Widget" in keys]
    form = f"/AcroForm << /Fields [{_references(fields)}] >>" if fields else ""
    objects: list[bytes] = [
        f"<< /Type /Catalog /Pages 2 0 R {form} >>".encode(),
        f"<< /Type /Pages /Count {len(pages)} /Kids ["
        f"{' '.join(f'{5 + 2 * at} 0 R' for at in range(len(pages)))}] >>".encode(),
        f"<< {info} >>".encode("latin-1"),
        _stream(
            b"\x00",
            "/Type /XObject /Subtype /Image /Width 1 /Height 1 "
            "/ColorSpace /DeviceGray /BitsPerComponent 8",
        ),
    ]
    for at, page in enumerate(pages):
        over = _references(range(first, first := first + len(page.annotations)))
        objects.append(
            f"<< /Type /Page /Annots [{over}] /Parent 2 0 R /MediaBox [0 0 {page.width} {HEIGHT}] "
            f"/Rotate {page.turned} /Contents {6 + 2 * at} 0 R "
            f"/Resources << /Font << {fonts} >> /XObject << /Im 4 0 R >> >> >>".encode()
        )
        objects.append(_stream("\n".join(page.operators).encode("cp1252")))
    appearances = list(_appearances(pages, fonts))
    number = len(objects) + len(annotations) + 1  # object number of the first appearance
    for page in pages:
        for keys in page.annotations:
            objects.append(keys.replace("/N @", f"/N {number} 0 R").encode("latin-1"))
        number += bool(page.appearance)
    objects.extend(appearances)
    return _file(objects, password)


def _appearances(pages: Iterable[Page], fonts: str) -> Iterator[bytes]:
    for page in pages:
        if page.appearance:
            yield _stream(
                page.appearance.encode("cp1252"),
                "/Type /XObject /Subtype /Form /BBox [0 0 80 20] "
                f"/Resources << /Font << {fonts} >> >>",
            )


def _references(numbers: Iterable[int]) -> str:
    return " ".join(f"{number} 0 R" for number in numbers)


def _stream(data: bytes, keys: str = "") -> bytes:
    packed = zlib.compress(data)
    head = f"<< {keys} /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
    return head + packed + b"\nendstream"


def _file(objects: list[bytes], password: str) -> bytes:
    body = bytearray(b"%PDF-1.4\n")
    if password:
        objects = [*objects, _encryption(password)]
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        body += b"%010d 00000 n \n" % offset
    trailer = f"/Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R"
    if password:
        trailer += f" /Encrypt {len(objects)} 0 R /ID [<00> <00>]"
    body += f"trailer\n<< {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(body)


def _encryption(password: str) -> bytes:
    """Return an encryption dictionary (40-bit RC4). The content itself is not encrypted."""
    padded = (password.encode() + PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    key = hashlib.md5(padded + owner + b"\xff\xff\xff\xff" + b"\x00").digest()[:5]
    user = _rc4(key, PADDING)
    return b"<< /Filter /Standard /V 1 /R 2 /P -1 /O <%s> /U <%s> >>" % (
        owner.hex().encode(),
        user.hex().encode(),
    )


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
