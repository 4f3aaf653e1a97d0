from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunking import (
    MAX_ATOMS,
    MAX_PREFERRED_WORDS,
    MAX_WORDS,
    MIN_PREFERRED_WORDS,
    chunk_article,
)
from ingest.language.sentence_splitter import split_sentences
from kb.model.article import (
    Article,
    Block,
    BlockKind,
    Cell,
    ListItem,
    Mark,
    MarkKind,
    Section,
    paragraph,
    table,
)
from tests.kb.model.random_blocks import ARTICLES as RANDOM_ARTICLES
from tests.kb.model.random_blocks import marked

WORDS = st.integers(1, 60)


def words(count, start="Word"):
    return " ".join([start, *["more"] * (count - 1)])


def sentence(count):
    return words(count) + "."


def text_blocks(kind):
    return st.lists(WORDS, min_size=1, max_size=8).map(
        lambda counts: Block(kind=kind, text=" ".join(sentence(count) for count in counts))
    )


def listed(items):
    return Block(kind=BlockKind.LIST, items=tuple(items))


ITEMS = st.builds(ListItem, WORDS.map(words), st.integers(0, 2))
LISTS = st.lists(ITEMS, min_size=1, max_size=15).map(listed)
ROWS = st.lists(st.tuples(WORDS.map(words), WORDS.map(words)), min_size=1, max_size=12)
TABLES = st.builds(
    lambda rows, header: table(tuple(rows), header_rows=min(header, len(rows) - 1)),
    ROWS,
    st.integers(0, 2),
)
BLOCKS = st.one_of(
    text_blocks(BlockKind.PARAGRAPH),
    text_blocks(BlockKind.CALLOUT),
    text_blocks(BlockKind.CAPTION),
    LISTS,
    TABLES,
)
HEADINGS = st.sampled_from(["Safety", "Causes", "Care"])
SECTIONS = st.recursive(
    st.builds(Section, HEADINGS, st.lists(BLOCKS, max_size=6).map(tuple)),
    lambda below: st.builds(
        Section,
        HEADINGS,
        st.lists(BLOCKS, max_size=3).map(tuple),
        st.lists(below, max_size=2).map(tuple),
    ),
    max_leaves=4,
)
ARTICLES = st.lists(SECTIONS, max_size=4).map(lambda sections: Article("Title", tuple(sections)))


def parts_of(block):
    """Return the indivisible units of a block: sentences, items or rows."""
    if block.kind is BlockKind.LIST:
        return [item.text for item in block.items]
    if block.kind is BlockKind.TABLE:
        return [" ".join(row) for row in block.row_texts]
    return [part.strip() for part in split_sentences(block.text)]


def count(passage):
    return sum(len(part.split()) for block in passage.blocks for part in parts_of(block))


@given(st.lists(BLOCKS, max_size=8))
@settings(deadline=None)
def test_chunking_preserves_text_and_order(blocks):
    article = Article("Title", (Section("A", tuple(blocks)),))
    expected = [part for block in blocks for part in parts_of(block)]
    found = []
    for passage in chunk_article(article):
        for block in passage.blocks:
            parts = parts_of(block)
            header = block.header_rows
            if header and expected[len(found) : len(found) + header] != parts[:header]:
                parts = parts[header:]  # repeated in the second part of a table
            found.extend(parts)
    assert found == expected


@given(ARTICLES)
@settings(deadline=None)
def test_passages_are_limited_separate_and_in_order(article):
    passages = chunk_article(article)
    assert_maximum_is_exceeded_only_if_indivisible(passages)
    assert_callouts_are_separate(passages)
    assert_order_of_sections(article, passages)


def assert_maximum_is_exceeded_only_if_indivisible(passages):
    for passage in passages:
        parts = [part for block in passage.blocks for part in parts_of(block)]
        header = sum(
            len(" ".join(row).split())
            for block in passage.blocks
            for row in block.row_texts[: block.header_rows]
        )
        assert (
            count(passage) <= MAX_WORDS or len(parts) == 1 or count(passage) - header <= MAX_WORDS
        )
        assert len(parts) <= MAX_ATOMS + 2 * len(passage.blocks)


def assert_callouts_are_separate(passages):
    for passage in passages:
        kinds = {block.kind for block in passage.blocks}
        assert BlockKind.CALLOUT not in kinds or len(passage.blocks) == 1


def assert_order_of_sections(article, passages):
    paths = [path for path, section in article.walk() if section.blocks]
    in_order = []
    for passage in passages:
        if not in_order or in_order[-1] != passage.heading_path:
            in_order.append(passage.heading_path)
    distinct = [
        path for number, path in enumerate(paths) if not number or paths[number - 1] != path
    ]
    assert in_order == distinct


def kinds_and_counts(*blocks):
    passages = chunk_article(Article("Title", (Section("A", tuple(blocks)),)))
    return [
        ([block.kind.value for block in passage.blocks], count(passage)) for passage in passages
    ]


def test_short_paragraphs_are_joined():
    assert kinds_and_counts(*[paragraph(sentence(30))] * 4) == [(["paragraph"] * 4, 120)]


def test_long_paragraph_is_split_between_sentences():
    (_, first), (_, second) = kinds_and_counts(paragraph(" ".join([sentence(20)] * 15)))
    assert first + second == 300
    assert MIN_PREFERRED_WORDS <= min(first, second) <= max(first, second) <= MAX_PREFERRED_WORDS


def test_small_remainder_joins_previous_passage():
    assert (
        len(kinds_and_counts(paragraph(" ".join([sentence(19)] * 10)), paragraph(sentence(8)))) == 1
    )


def test_list_stays_with_its_introduction():
    items = [ListItem(words(20)) for _ in range(4)]
    found = kinds_and_counts(paragraph(sentence(150)), paragraph("Take with you:"), listed(items))
    assert [kinds for kinds, _ in found] == [["paragraph"], ["paragraph", "list"]]


def blocks_of(*blocks):
    passages = chunk_article(Article("Title", (Section("A", tuple(blocks)),)))
    return [passage.blocks for passage in passages]


def test_each_part_of_a_list_repeats_the_sentence_that_introduces_it():
    items = [ListItem(words(20)) for _ in range(20)]
    lead = paragraph("Read the leaflet. Do not give to:", marks=(Mark(MarkKind.STRONG, 18, 24),))
    first, *others = blocks_of(lead, listed(items))
    assert first[0] == lead
    assert len(others) > 1
    repeated = paragraph("Do not give to:", marks=(Mark(MarkKind.STRONG, 0, 6),))
    assert all(blocks[0] == replace(repeated, repeated=True) for blocks in others)
    assert sum(len(blocks[-1].items) for blocks in (first, *others)) == 20


def test_a_list_without_introduction_repeats_nothing():
    items = [ListItem(words(20)) for _ in range(20)]
    found = kinds_and_counts(paragraph("A complete sentence."), listed(items))
    assert [kinds for kinds, _ in found] == [["paragraph", "list"], ["list"], ["list"]]


def test_a_nested_item_repeats_the_items_above():
    items = [ListItem("Children:"), *[ListItem(words(20), 1) for _ in range(20)]]
    for blocks in blocks_of(listed(items)):
        assert blocks[0].items[0].text == "Children:"


def test_each_part_of_a_table_repeats_caption_group_and_spanning_cells():
    rows = [["Age", "Drug", "Dose"], ["Adults", "", ""], ["20", words(90), words(30)]]
    rows += [["Children", "", ""], [Cell("5 to 9", rows=6), words(30), words(30)]]
    rows += [["", words(30), words(30)] for _ in range(5)]
    caption = Block(kind=BlockKind.CAPTION, text="Doses in mg.")
    found = blocks_of(caption, table(rows, 1))
    assert len(found) > 2
    for blocks in found:
        assert blocks[0].text == "Doses in mg."
        header, group, first = blocks[1].row_texts[:3]
        assert header == ("Age", "Drug", "Dose")
        assert group[0] == ("Adults" if first[0] == "20" else "Children")
        assert first[0] in ("20", "5 to 9")
        for number, row in enumerate(blocks[1].rows):
            assert all(cell.rows <= len(blocks[1].rows) - number for cell in row)


def test_a_cut_sentence_keeps_its_formatting():
    text = f"{sentence(150)} {sentence(150)}"
    start = text.index("Word", 5)
    block = paragraph(text, marks=(Mark(MarkKind.STRONG, start, start + 4),))
    (first,), (second,) = blocks_of(block)
    assert (first.marks, second.marks) == ((), (Mark(MarkKind.STRONG, 0, 4),))


def test_split_table_repeats_its_header():
    header = (("Name", "Dose"),)
    row = (words(10), words(10))
    small = table(header + (row,) * 12, 1)
    assert kinds_and_counts(small) == [(["table"], 242)]
    large = table(header + (row,) * 30, 1)
    passages = chunk_article(Article("Title", (Section("A", (large,)),)))
    assert len(passages) > 2
    assert all(passage.blocks[0].row_texts[:1] == header for passage in passages)
    assert sum(len(passage.blocks[0].row_texts) - 1 for passage in passages) == 30


def test_notes_stay_with_the_last_rows_of_their_table():
    rows = table(((words(8), words(12)),) * 12, 1)
    raised = paragraph("a " + sentence(15), marks=(Mark(MarkKind.SUPERSCRIPT, 0, 1),))
    notes = [paragraph("CrCl = creatinine clearance."), raised, listed([ListItem("No.", 0, "*")])]
    found = blocks_of(rows, *notes, paragraph(sentence(60)))
    assert [[block.kind for block in blocks] for blocks in found] == [
        ["table"],
        ["table", "paragraph", "paragraph", "list", "paragraph"],
    ]


def test_caption_stays_with_its_table_or_previous_block():
    caption = Block(kind=BlockKind.CAPTION, text=sentence(5))
    wide_table = table(((words(80), words(70)),))
    found = kinds_and_counts(
        paragraph(sentence(150)), caption, wide_table, paragraph(sentence(150)), caption
    )
    assert [kinds for kinds, _ in found] == [
        ["paragraph"],
        ["caption", "table"],
        ["paragraph", "caption"],
    ]


def test_heading_without_text_yields_no_passage():
    article = Article("Title", (Section("A", (), (Section("B", (paragraph("Text."),)),)),))
    assert [passage.heading_path for passage in chunk_article(article)] == [("A", "B")]


@given(RANDOM_ARTICLES)
@settings(deadline=None)
def test_chunking_of_any_article_repeats_only_what_it_marks(article):
    """Texts of an article are in its passages in order, with the marks, labels and levels."""
    expected, found = [], []
    for _, section in article.walk():
        expected.extend(pieces(section.blocks))
    for passage in chunk_article(article):
        found.extend(pieces(block for block in passage.blocks if not block.repeated))
    assert found == expected


def pieces(blocks):
    """Yield the parts of blocks without those that begin a continued block again."""
    for block in blocks:
        if not block.repeated:
            yield block.kind, block.level, block.text, block.marks, block.items, block.rows


@given(st.lists(marked(), min_size=100, max_size=200))
@settings(deadline=None, max_examples=20)
def test_parts_of_long_blocks_keep_labels_and_marks(texts):
    items = tuple(ListItem(text, 0, f"{n}.", marks) for n, (text, marks) in enumerate(texts))
    rows = tuple((Cell(text, marks=marks), Cell(str(n))) for n, (text, marks) in enumerate(texts))
    header = (Cell("Text"), Cell("Number"))
    blocks = (
        Block(kind=BlockKind.LIST, items=items, ordered=True),
        table((header, *rows), header_rows=1),
    )
    passages = chunk_article(Article("Title", (Section("A", blocks),)))
    found = [block for passage in passages for block in passage.blocks]
    assert len(passages) > 2
    assert tuple(item for block in found for item in block.items) == items
    assert tuple(row for block in found for row in block.rows[1:]) == rows
    assert {block.rows[0] for block in found if block.rows} == {header}


@given(st.lists(marked(), min_size=40, max_size=60))
@settings(deadline=None, max_examples=20)
def test_parts_of_a_long_text_keep_their_marks(texts):
    whole, marks = "", ()
    for text, own in texts:
        start = len(whole) + len("Then ")
        moved = (replace(each, start=each.start + start, end=each.end + start) for each in own)
        whole, marks = f"{whole}Then {text} and so on for all of the days. ", (*marks, *moved)
    block = Block(kind=BlockKind.PARAGRAPH, text=whole.rstrip(), marks=marks)
    passages = chunk_article(Article("Title", (Section("A", (block,)),)))
    parts = [part for passage in passages for part in passage.blocks]
    assert len(parts) >= 2
    assert " ".join(part.text for part in parts) == block.text
    found = [(mark.kind, part.text[mark.start : mark.end]) for part in parts for mark in part.marks]
    assert found == [(mark.kind, block.text[mark.start : mark.end]) for mark in block.marks]
