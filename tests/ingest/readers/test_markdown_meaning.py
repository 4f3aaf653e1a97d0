"""Markdown in which a character is syntax by the rules, but text to a clinician."""

import re

import pytest

from ingest.readers.markdown.reader import read_markdown
from kb.model.article import BlockKind, CalloutLevel, Mark, MarkKind


def read(body):
    return read_markdown(f"# Doses\n\n{body}\n", "doses.md")


def blocks(body):
    return [block for _, section in read(body).article.walk() for block in section.blocks]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Under 10<sup>9</sup>/L.", "Under 10^9/L."),
        ("Give **250**<sup>1</sup> mg.", "Give 250 1 mg."),
        ("Give 250<sup>1,2</sup> mg.", "Give 250 1,2 mg."),
        ("CO<sub>2</sub> and H~2~O", "CO2 and H2O"),
        ("Under 10^9^/L.", "Under 10^9/L."),
        ("Under $10^9$/L and $\\le 5$ mg", "Under 10^9/L and ≤ 5 mg"),
        ("Give $10^{12}$ or $$10^{-3}$$ of it", "Give 10^12 or 10^-3 of it"),
        ("Give $\\frac{a+b}{2}$ of $x^{a+b}$", "Give (a+b)/2 of x^(a+b)"),
        ("$$\nCrCl = \\frac{(140 - age) \\times w}{72}\n$$", "CrCl = ((140 - age) × w)/72"),
        ("$$\n- 5\n+ 3\n= x^{2}\n$$", "- 5 + 3 = x^2"),
        ("$$ a = \\sqrt{\\frac{h}{3600}} $$", "a = √(h/3600)"),
        (
            "$$\\begin{aligned}\na &= b \\\\\nc &\\leq 5\n\\end{aligned}$$",
            "a = b; c ≤ 5",
        ),
        ("$$\\text{Dose} = \\left( \\text{AUC} + 25 \\right)$$", "Dose = (AUC + 25)"),
        ("Keep at $37^\\circ$C if $a^2+b^2$ is", "Keep at 37°C if a^2+b^2 is"),
        ("Give $x_1 * y * z$ of `$a$ or $b$`.", "Give x_1 * y * z of $a$ or $b$."),
        ("From $$ to $$$, or $5 and then 10$ more.", "From $$ to $$$, or $5 and then 10$ more."),
        ("\\[\nx = 2\n\\times y\n\\]", "x = 2 × y"),
        ("Under \\(10^{9}\\)/L \\[see 5 \\(mg\\)\\].", "Under 10^9/L [see 5 (mg)]."),
        ("$$x \\unknown y$$", "x \\unknown y"),
        ("$$" + "\\sqrt" * 390 + "x$$", "\\sqrt" * 390 + "x"),
        ("If a<b and c>d, stop.", "If a<b and c>d, stop."),
        ("Measure pre-\nand postoperative pain.", "Measure pre- and postoperative pain."),
        ("+ 5 mg on day 2", "+ 5 mg on day 2"),
        ("Give 5 mg · kg or 2 • 3 + 4 - 5", "Give 5 mg · kg or 2 • 3 + 4 - 5"),
        ("It falls by\n- 5 mmHg at night.", "It falls by - 5 mmHg at night."),
        ("> 15 mmol/L: stop\n> 20 mmol/L: call", "> 15 mmol/L: stop\n> 20 mmol/L: call"),
        ("> £5 a dose", "> £5 a dose"),
        ("It costs $5 and $10.", "It costs $5 and $10."),
        ("Give 2~~0~~ mg.", "Give 2 mg."),
        ("Give <del>10</del><ins>5</ins> mg.", "Give 5 mg."),
        ("2*3*4 mg and 10**9", "2*3*4 mg and 10**9"),
        ("K <3.5 or <5 mg or age<18", "K <3.5 or <5 mg or age<18"),
        ("Dose <age and weight> as below.", "Dose <age and weight> as below."),
        ("Call when it is\n> 20 mmol/L twice.", "Call when it is > 20 mmol/L twice."),
        ("Stop if it is above\n1. Then call.", "Stop if it is above 1. Then call."),
        ("co-\namoxiclav", "co-amoxiclav"),
        ("K is ![≥](a.png) 6", "K is ≥ 6"),
        ("See <https://x.example/a>.", "See https://x.example/a."),
        ("Give 5<br>or 10", "Give 5\nor 10"),
    ],
)
def test_text_keeps_its_meaning(body, text):
    (block,) = blocks(body)
    assert (block.kind, block.text) == (BlockKind.PARAGRAPH, text)


def test_deleted_text_is_reported():
    assert [each.text for each in read("Give ~~10 mg~~ 5 mg.").omitted] == ["10 mg"]


def test_emphasis_and_links_are_kept():
    (block,) = blocks("Do **not** give [this](https://x.example/a) *ever*.")
    assert block.marks == (
        Mark(MarkKind.STRONG, 3, 6),
        Mark(MarkKind.LINK, 12, 16, "https://x.example/a"),
        Mark(MarkKind.EMPHASIS, 17, 21),
    )


@pytest.mark.parametrize(
    ("body", "labels"),
    [
        ("3. a\n4. b", ["3.", "4."]),
        ("3) a\n4) b", ["3)", "4)"]),
        ("1. a\n1. b", ["1.", "2."]),
        ("10. a\n9. b\n8. c", ["10.", "9.", "8."]),
        ("3) a\n\n   Text.\n\n2) b\n\n1) c", ["3)", "2)", "1)"]),
        ("2. a\n5. b\n4. c", ["2.", "5.", "6."]),
        ("1. a\n   - b\n2. c", ["1.", "", "2."]),
        ("- a\n  1. b\n  2. c", ["", "1.", "2."]),
        ("1. a\n\n   Text.\n2. b", ["1.", "2."]),
    ],
)
def test_items_keep_their_numbers(body, labels):
    (block,) = blocks(body)
    assert [item.label for item in block.items] == labels


def test_a_list_after_a_paragraph_resumes_its_numbers():
    first, _, second = blocks("1. a\n2. b\n\nNever flush.\n\n3. c")
    assert [item.label for item in (*first.items, *second.items)] == ["1.", "2.", "3."]


def test_a_comparison_at_the_start_of_an_item_is_text():
    (block,) = blocks("- < 4 mmol/L: give glucose\n- > 15 mmol/L: give 4 units")
    assert [item.text for item in block.items] == [
        "< 4 mmol/L: give glucose",
        "> 15 mmol/L: give 4 units",
    ]


@pytest.mark.parametrize("text", ["> **15** mmol/L", "> £5", "> ULN", "> 1.5 × ULN", "> .5 mg"])
def test_comparison_of_any_amount_is_text(text):
    (block,) = blocks(f"- {text}")
    assert [item.text for item in block.items] == [text.replace("*", "")]


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ("• Wash.\n• Rinse.", ["Wash.", "Rinse."]),
        ("Ask them to\n1. wash.\n2. rinse.", ["wash.", "rinse."]),
        ("The doses are\n- 5 mg.\n- 6 mg.", ["5 mg.", "6 mg."]),
    ],
)
def test_list_below_an_unfinished_line_is_a_list(body, items):
    assert [item.text for item in blocks(body)[-1].items] == items


def test_text_around_a_formula_and_its_item_stay():
    (item,) = blocks("- Use\n\n  $$\n  x = \\frac{a}{b}\n  $$\n\n  where a is 5 mg.")[0].items
    assert item.text == "Use x = a/b where a is 5 mg."
    assert "\\frac" in read("```\n$$\nx = \\frac{a}{b}\n$$\n```").article.plain


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ("Adjust:\n\n+ 5 mg if low\n+ 1 mg if not", ["+ 5 mg if low", "+ 1 mg if not"]),
        ("Adjust:\n+ 5 mg if low\n- ½ tablet if high", ["+ 5 mg if low", "- ½ tablet if high"]),
        ("1. + 5 mg\n2. - 5 mg", ["+ 5 mg", "- 5 mg"]),
        ("- Start\n+ 5 mg if low\n- Stop", ["Start", "+ 5 mg if low", "Stop"]),
        ("- Low\n  + 5 mg\n  + 1 mg\n- High", ["Low", "+ 5 mg", "+ 1 mg", "High"]),
        ("Food:\n\n+ bread\n+ 2 eggs", ["bread", "2 eggs"]),
        ("Doses:\n\n- 5 mg\n- 10 mg", ["5 mg", "10 mg"]),
        ("* - 5 mg\n* 10 mg", ["- 5 mg", "10 mg"]),
    ],
)
def test_sign_before_a_number_is_kept(body, items):
    result = read(body)
    (*_, block) = (block for _, section in result.article.walk() for block in section.blocks)
    assert [item.text for item in block.items] == items
    assert result.warnings == ()


def test_sign_in_a_quotation_is_kept():
    (block,) = blocks("> Adjust:\n> + 5 mg if low\n> + 1 mg if not")
    assert block.text == "Adjust:\n- + 5 mg if low\n- + 1 mg if not"


def test_sign_in_code_is_not_escaped():
    assert "\n+ 5" in read("```\n+ 5\n```\n\n    + 5").article.plain
    assert "\\" not in read("```\n+ 5\n```\n\n    + 5").article.plain


@pytest.mark.parametrize(
    "body",
    [
        "Change of the dose:\n\n- 5 mg if high\n- 10 mg if very high",
        "The base excess differs by\n- 5 mmol/L\n- 10 mmol/L",
        "Freezers:\n\n- 20 °C\n- 70 °C",
        "> Scores:\n> - 2.5\n> - 1.5",
    ],
)
def test_hyphen_that_may_be_a_minus_sign_causes_a_warning(body):
    (warning,) = read(body).warnings
    assert re.findall(r'"- [\d.]+', warning)


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ("Mild\n: Under 3.9 mmol/L", [(0, "Mild: Under 3.9 mmol/L")]),
        ("Mild:\n:   Under 3.9\n    mmol/L", [(0, "Mild: Under 3.9 mmol/L")]),
        (
            "**b.d.**\n: Twice a day.\n\nt.d.s.\n\n: Three times a day.",
            [(0, "b.d.: Twice a day."), (0, "t.d.s.: Three times a day.")],
        ),
        (
            "Adults\n: 5 mg\n: 10 mg if severe\n\nChildren\n: 2 mg",
            [(0, "Adults:"), (1, "5 mg"), (1, "10 mg if severe"), (0, "Children: 2 mg")],
        ),
        ("Fits\nSeizures\n: Give it.", [(0, "Fits / Seizures: Give it.")]),
        ("Mild\n: Rest.\nSevere\n: Call.", [(0, "Mild: Rest."), (0, "Severe: Call.")]),
        ("Low\n: - 5 mmol/L", [(0, "Low: - 5 mmol/L")]),
        ("> 15 mmol/L\n: > 3 units", [(0, "> 15 mmol/L: > 3 units")]),
        (
            "Rash\n: Stop if\n\n    - it spreads\n    - it blisters",
            [(0, "Rash: Stop if"), (1, "it spreads"), (1, "it blisters")],
        ),
    ],
)
def test_definition_stays_with_its_term(body, items):
    (block,) = blocks(body)
    assert [(item.depth, item.text) for item in block.items] == items


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("A line that ends here.\nAnother one.\n: text", "ends here. Another one. : text"),
        ("```\nTerm\n: text\n```", "Term\n: text"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\n: Caption", "\n\n: Caption"),
        ("- Item\n: text", "Item : text"),
    ],
)
def test_colon_below_other_text_is_no_definition(body, text):
    assert text in read(body).article.plain


def test_numbered_list_in_a_quotation_keeps_its_numbers():
    (block,) = blocks("> 1. Wash.\n> 2. Rinse.")
    assert (block.kind, block.text) == (BlockKind.CALLOUT, "1. Wash.\n2. Rinse.")


def test_a_quotation_with_numbers_is_a_quotation():
    (block,) = blocks("> The trial had\n> 15 patients.")
    assert block.kind is BlockKind.CALLOUT


@pytest.mark.parametrize(
    "body",
    [
        "> [!WARNING]\n> The arm is cold.",
        '!!! warning "Arm"\n    The arm is cold.',
        "::: warning\nThe arm is cold.\n:::",
        "::: {.warning}\nThe arm is cold.\n:::",
    ],
)
def test_an_admonition_is_a_callout_with_a_level(body):
    (block,) = blocks(body)
    assert (block.kind, block.level) == (BlockKind.CALLOUT, CalloutLevel.IMPORTANT)
    assert "The arm is cold." in block.text
