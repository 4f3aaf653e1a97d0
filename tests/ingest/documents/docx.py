"""Writer of small Word documents with styles, lists, tables and additional parts."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
NAMESPACES = (
    W + ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
    ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
    ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
)
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STYLES = (
    "Title",
    "heading 1",
    "heading 2",
    "heading 3",
    "toc 1",
    "caption",
    "footnote text",
    "List Bullet 2",
)
# Numbering 1 has bullets, numbering 2 has numbers.
NUMBERING = "".join(
    f'<w:abstractNum w:abstractNumId="{at}">'
    + "".join(f'<w:lvl w:ilvl="{level}"><w:numFmt w:val="{kind}"/></w:lvl>' for level in range(3))
    + "</w:abstractNum>"
    for at, kind in ((1, "bullet"), (2, "decimal"))
) + "".join(f'<w:num w:numId="{at}"><w:abstractNumId w:val="{at}"/></w:num>' for at in (1, 2))


def run(text: str, *, bold: bool = False, properties: str = "") -> str:
    inside = ("<w:b/>" if bold else "") + properties
    return f'<w:r><w:rPr>{inside}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def para(
    text: str, style: str = "", *, bold: bool = False, item: tuple[int, int] | None = None
) -> str:
    """Return a paragraph. `item` is (numbering, level); text that starts with "<" is XML."""
    inside = text if text.startswith("<") else run(text, bold=bold)
    named = f'<w:pStyle w:val="{style.replace(" ", "")}"/>' if style else ""
    numbered = ""
    if item:
        numbered = f'<w:numPr><w:ilvl w:val="{item[1]}"/><w:numId w:val="{item[0]}"/></w:numPr>'
    return f"<w:p><w:pPr>{named}{numbered}</w:pPr>{inside}</w:p>"


def table(*rows: tuple[str, ...], header: bool = False) -> str:
    """Return a table. A cell that starts with "*" is bold."""
    mark = "<w:trPr><w:tblHeader/></w:trPr>"
    written = (
        f"<w:tr>{mark if header and not at else ''}"
        + "".join(
            f"<w:tc>{para(cell.removeprefix('*'), bold=cell.startswith('*'))}</w:tc>"
            for cell in row
        )
        + "</w:tr>"
        for at, row in enumerate(rows)
    )
    return f"<w:tbl>{''.join(written)}</w:tbl>"


def docx(
    body: str,
    parts: dict[str, str] | None = None,
    *,
    core: str = "",
    styles: str = "",
    lists: str = NUMBERING,
    links: dict[str, str] | None = None,
    graphics: dict[str, str] | None = None,
) -> bytes:
    """Return a DOCX file.

    `parts` maps part names such as "footnotes" to their inner XML, `styles` is XML of additional
    styles, and `lists` that of the list definitions. `links` maps relationship ids to addresses,
    and `graphics` relationship kinds ("chart") to whole parts; a kind is also its id.
    """
    files = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-'
        'package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
        f'Type="{RELATIONSHIPS}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>",
        "word/numbering.xml": f"<w:numbering {NAMESPACES}>{lists}</w:numbering>",
        "word/styles.xml": f"<w:styles {W}>"
        + "".join(
            f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}">'
            f'<w:name w:val="{name}"/></w:style>'
            for name in STYLES
        )
        + f"{styles}</w:styles>",
        "docProps/core.xml": '<p xmlns="http://schemas.openxmlformats.org/package/2006/metadata/'
        'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:dcterms="http://purl.org/dc/terms/">{core}</p>',
    }
    inside = []
    for name, text in (parts or {}).items():
        kind = name.rstrip("0123456789")
        tag = {"header": "hdr", "footer": "ftr"}.get(kind, kind)
        files[f"word/{name}.xml"] = f"<w:{tag} {NAMESPACES}>{text}</w:{tag}>"
        inside.append(
            f'<Relationship Id="{name}" Type="{RELATIONSHIPS}/{kind}" Target="{name}.xml"/>'
        )
    for name in ("styles", "numbering"):
        inside.append(
            f'<Relationship Id="{name}" Type="{RELATIONSHIPS}/{name}" Target="{name}.xml"/>'
        )
    for identity, address in (links or {}).items():
        inside.append(
            f'<Relationship Id="{identity}" Type="{RELATIONSHIPS}/hyperlink" TargetMode="External" '
            f'Target="{escape(address)}"/>'
        )
    for kind, text in (graphics or {}).items():
        files[f"word/{kind}s/{kind}1.xml"] = text
        inside.append(
            f'<Relationship Id="{kind}" Type="{RELATIONSHIPS}/{kind}" '
            f'Target="{kind}s/{kind}1.xml"/>'
        )
    files["word/_rels/document.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE}">{"".join(inside)}</Relationships>'
    )
    return zipped(files)


def zipped(files: dict[str, str]) -> bytes:
    """Return a ZIP archive of texts by file name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


def abstract_list(identity: int, *levels: tuple[str, str] | tuple[str, str, dict[str, str]]) -> str:
    """Return an abstract list definition of levels (format, text, other properties)."""
    written = []
    for number, (number_format, text, *others) in enumerate(levels):
        properties = dict(others[0]) if others else {}
        font = properties.pop("font", "")
        start = properties.pop("start", "1")
        left = properties.pop("left", str(720 * (number + 1)))
        inside = "".join(f'<w:{name} w:val="{value}"/>' for name, value in properties.items())
        fonts = f'<w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}"/></w:rPr>' if font else ""
        written.append(
            f'<w:lvl w:ilvl="{number}"><w:start w:val="{start}"/>'
            f'<w:numFmt w:val="{number_format}"/>{inside}<w:lvlText w:val="{text}"/>'
            f'<w:pPr><w:ind w:left="{left}" w:hanging="360"/></w:pPr>{fonts}</w:lvl>'
        )
    return f'<w:abstractNum w:abstractNumId="{identity}">{"".join(written)}</w:abstractNum>'


def list_of(identity: int, abstract: int, *, start: int | None = None, level: int = 0) -> str:
    """Return a list of an abstract definition; `start` restarts it at that number."""
    override = ""
    if start is not None:
        override = (
            f'<w:lvlOverride w:ilvl="{level}"><w:startOverride w:val="{start}"/></w:lvlOverride>'
        )
    return f'<w:num w:numId="{identity}"><w:abstractNumId w:val="{abstract}"/>{override}</w:num>'


def style(
    identity: str,
    name: str,
    inside: str = "",
    *,
    kind: str = "paragraph",
    number: tuple[int, int] | None = None,
) -> str:
    """Return a style; `number` is its (numbering, level)."""
    if number:
        inside += (
            f'<w:pPr><w:numPr><w:ilvl w:val="{number[1]}"/><w:numId w:val="{number[0]}"/></w:numPr>'
            "</w:pPr>"
        )
    return (
        f'<w:style w:type="{kind}" w:styleId="{identity}"><w:name w:val="{name}"/>{inside}'
        "</w:style>"
    )
