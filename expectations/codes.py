"""Rules about unified social credit codes, wherever a table has a column `uscc`: S1 (check digits), S2 (region part).

GB 32100 is computed over all 18 characters, GB 11714 over the organization code within; here once more, apart from
dbt's macros.
"""

from collections.abc import Iterator, Sequence

from expectations.published import REGION, Release
from expectations.rule import BATCH, Rule, no_rows

SOUND = 0.995
KNOWN_REGION = 0.85
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LETTERS_AND_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
_WITHIN = [3, 7, 9, 10, 5, 8, 4, 2]


def rules(release: Release) -> Iterator[Rule]:
    """S1 and S2 for every table with credit codes."""
    for name in sorted(name for name, columns in release.tables.items() if "uscc" in columns):
        yield _sound(release, name)
        yield _regions(release, name)


def _sum(alphabet: str, weights: Sequence[int], first: int) -> str:
    """SQL of the weighted sum over the characters of a code from place `first` on."""
    return " + ".join(
        f"(instr('{alphabet}', substr(uscc, {first + place}, 1)) - 1) * {weight}"
        for place, weight in enumerate(weights)
    )


def is_sound() -> str:
    """SQL that is true where `uscc` is a credit code with both check digits right."""
    return f"""(
        length(uscc) = 18 and length(translate(uscc, '{ALPHABET}', '')) = 0
        and substr(uscc, 18, 1) = substr('{ALPHABET}', 1 + (31 - ({_sum(ALPHABET, _WEIGHTS, 1)}) % 31) % 31, 1)
        and substr(uscc, 17, 1) = substr('0X987654321', 1 + ({_sum(_LETTERS_AND_DIGITS, _WITHIN, 9)}) % 11, 1)
    )"""


def _sound(release: Release, name: str) -> Rule:
    return Rule(
        "S1",
        name,
        "critical",
        "Credit codes have the right check digits",
        f"GB 32100 and GB 11714 hold for at least {SOUND:.1%} of the codes in uscc",
        no_rows(f"""
            with coded as (
                select {release.leading_key(name)}uscc, {is_sound()} as is_sound from {BATCH} where uscc is not null
            )
            select * exclude (is_sound) from coded where not is_sound
                and (select count(*) filter (not is_sound) > {1 - SOUND:.4f} * count(*) from coded)
        """),
    )


def _regions(release: Release, name: str) -> Rule:
    return Rule(
        "S2",
        name,
        "warning",
        "Credit codes name regions we know",
        f"digits 3 to 8 in {REGION} for at least {KNOWN_REGION:.0%} of the codes in uscc",
        no_rows(f"""
            with coded as (
                select {release.leading_key(name)}uscc,
                    substr(uscc, 3, 6) in (select code from {REGION}) as is_known
                from {BATCH} where uscc is not null
            )
            select * exclude (is_known) from coded where not is_known
                and (select count(*) filter (not is_known) > {1 - KNOWN_REGION:.4f} * count(*) from coded)
        """),
    )
