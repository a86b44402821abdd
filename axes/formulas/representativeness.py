"""How many named it, and how far the figure can be trusted: every number of the results, from counts.

Counts go in as whole numbers; percentages come out as `Decimal`, rounded once, half-even, from the exact fraction, so
that page, chart, CSV, XLSX and API agree to the last digit. "No data" is None, never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

# The 97.5 % point of the standard normal distribution. 1.96 would change one cell in fifty in its second decimal.
Z = Decimal("1.959963984540054")
DECIMALS = 2


def rounded(value: Fraction | Decimal | None, decimals: int = DECIMALS) -> Decimal | None:
    """The exact value at a number of decimals, half-even (IEEE 754 roundTiesToEven): 3.125 → 3.12. None stays None."""
    if value is None:
        return None
    units = round(Fraction(value) * 10**decimals)  # round() of a Fraction is half-even and exact
    return Decimal(units).scaleb(-decimals)


def check_counts(mentions: int, respondents: int) -> None:
    """Refuse counts that cannot be: ValueError."""
    if not 0 <= mentions <= respondents:
        raise ValueError(f"{mentions} of {respondents} respondents: a topic counts once per respondent")


def exact_share(mentions: int, respondents: int) -> Fraction | None:
    """The share in percent as an exact fraction; None without respondents."""
    check_counts(mentions, respondents)
    return Fraction(100 * mentions, respondents) if respondents else None


def share(mentions: int, respondents: int, decimals: int = DECIMALS) -> Decimal | None:
    """The share of respondents who named a topic, in percent. A group of 0 respondents has no share: None.

    31 of 48 → 64.58.
    """
    return rounded(exact_share(mentions, respondents), decimals)


def finite_population_factor(respondents: int, frame: int | None) -> Fraction:
    """The factor (N - n) / (N - 1) by which sampling without replacement shrinks the variance of a share.

    W. G. Cochran, Sampling Techniques, 3rd ed., Wiley 1977, section 3.2: V(p) = PQ/n · (N - n)/(N - 1).
    1 where the frame is not known; 0 when everybody in it answered. Raises ValueError for a frame that is smaller than
    the number who answered.
    """
    if frame is None:
        return Fraction(1)
    if frame < respondents:
        raise ValueError(f"{respondents} answered and the frame has {frame}")
    return Fraction(frame - respondents, frame - 1) if frame > 1 else Fraction(0)


def wilson(mentions: int, respondents: int, frame: int | None = None) -> tuple[Decimal, Decimal] | None:
    """The 95 % Wilson score interval of a share, in percent with two decimals: (low, high). None without respondents.

    The interval holds the p for which (p̂ - p)² ≤ z² · p(1 - p)/n. E. B. Wilson, Probable inference, the law of
    succession, and statistical inference, JASA 22 (1927) 209-212; recommended by R. G. Newcombe, Two-sided confidence
    intervals for the single proportion, Statistics in Medicine 17 (1998) 857-872 (method 3, no continuity correction).

    With a known frame of N people the variance under p is Cochran's, p(1 - p)/n · (N - n)/(N - 1), so that z² is
    multiplied by that factor; when all N answered the interval is the point itself.

    Respondents are not a random sample: show it as "if it were one".
    """
    check_counts(mentions, respondents)
    if respondents == 0:
        return None
    factor = finite_population_factor(respondents, frame)
    with localcontext() as context:
        context.prec = 50
        n = Decimal(respondents)
        p = Decimal(mentions) / n
        z2 = Z * Z * factor.numerator / factor.denominator
        centre = p + z2 / (2 * n)
        spread = (z2 * (p * (1 - p) / n + z2 / (4 * n * n))).sqrt()
        scale = 100 / (1 + z2 / n)
        # At the ends the algebra gives 0 and 1 exactly; the square root's last digit would not.
        low = Decimal(0) if mentions == 0 else (centre - spread) * scale
        high = Decimal(100) if mentions == respondents else (centre + spread) * scale
    lowest, highest = rounded(low), rounded(high)
    assert lowest is not None  # noqa: S101 - for the type checker: a number goes in
    assert highest is not None  # noqa: S101
    return lowest, highest


def agrees(printed: str, mentions: int, respondents: int) -> bool | None:
    """Whether a printed share is the computed one at the printed number of decimals; None without respondents.

    "64.50" against 31 of 48 (64.58) → False; "22.92" against 11 of 48 → True.
    """
    figure = Decimal(printed)
    exponent = figure.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    computed = share(mentions, respondents, decimals)
    return None if computed is None else computed == figure


def response_rate(answered: int, expected: int) -> Decimal | None:
    """Answers against the quota plan, in percent; more than 100 where more came than were expected.

    None where the plan expects nobody.
    """
    return rounded(Fraction(100 * answered, expected)) if expected else None


@dataclass(frozen=True)
class Similarity:
    """`value` in percent (None: no data), over `stated` people; `not_stated` stand apart."""

    value: Decimal | None
    stated: int
    not_stated: int


def proportional_similarity(observed: Mapping[Any, int], reference: Mapping[Any, int]) -> Similarity:
    """How alike two distributions are: Σ min(pᵢ, qᵢ), in percent. 100 for the same proportions, 0 for nothing shared.

    P. Feinsinger, E. E. Spears and R. W. Poole, A simple measure of niche breadth, Ecology 62 (1981) 27-32, after
    J. Czekanowski. `observed` counts respondents by category, the key None being those who did not state it: they are
    left out and reported apart. Categories missing on one side count 0. Where either side sums to 0: no data.
    """
    stated = {key: count for key, count in observed.items() if key is not None}
    known = {key: count for key, count in reference.items() if key is not None}
    people, whole = sum(stated.values()), sum(known.values())
    if min([*stated.values(), *known.values()], default=0) < 0:
        raise ValueError("counts cannot be negative")
    value = None
    if people and whole:
        value = sum(
            (
                min(Fraction(stated.get(key, 0), people), Fraction(known.get(key, 0), whole))
                for key in {*stated, *known}
            ),
            Fraction(0),
        )
    return Similarity(rounded(None if value is None else value * 100), people, observed.get(None, 0))
