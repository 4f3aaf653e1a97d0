import pytest

from ingest.readers.common.tex import format_tex, replace_tex


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"10^{-3}", "10^-3"),
        (r"4.5\times10^{9}/\text{L}", "4.5 × 10^9/L"),
        (r"\frac{a+b}{2}", "(a+b)/2"),
        (r"2\frac{1}{2}", "2 1/2"),
        (r"\frac12", "1/2"),
        (r"{a \over b}", "a/b"),
        (r"\sqrt[3]{RR}", "3√(RR)"),
        (r"\sqrt{\frac{h\cdot w}{3600}}", "√((h · w)/3600)"),
        (r"37\,^{\circ}\mathrm{C}", "37°C"),
        (r"Ca^{2+}, \mathrm{Na}^+, HCO_3^-, H_2O", "Ca2+, Na+, HCO3-, H2O"),
        (r"SO_4^{2-}", "SO4 2-"),
        (r"50~\mu g \le x \ge 18\%", "50 µg ≤ x ≥ 18%"),
        (r"\left( \frac{a}{b} \right)^{2}", "(a/b)^2"),
        (r"C_{max}, x_{1}^{2}, e^{-0.5}", "C_max, x_1^2, e^-0.5"),
        (r"\sum_{i=1}^{n} x_i", "∑_(i=1)^n x_i"),
        (r"\ln(x) + \log_{10} x", "ln(x) + log_10 x"),
        (r"\bar{x} \pm 2", "x\u0304 ± 2"),
        (r"\begin{array}{ll} a & b \\ c & d \end{array}", "a b; c d"),
        (r"\SI{5}{mg} \; \text{ daily}", "5 mg daily"),
        (r"\unknown{5} mg", r"\unknown 5 mg"),
        (r"a}b{", "ab"),
        (r"", ""),
    ],
)
def test_tex_is_text_on_one_line(tex, text):
    assert format_tex(tex) == text


@pytest.mark.parametrize("tex", ["{" * 3000, r"\sqrt" * 3000])
def test_a_deeply_nested_formula_stays_as_it_is(tex):
    assert format_tex(tex) == tex


def test_only_delimited_formulas_are_replaced():
    text = r"A \(10^{9}\) B \[\frac{a}{b}\] C $$x$$ D $5 E \frac{a}{b}"
    assert replace_tex(text) == r"A 10^9 B a/b C x D $5 E \frac{a}{b}"
