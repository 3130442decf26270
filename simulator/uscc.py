"""Unified social credit codes with right check digits, many at once.

GB 32100-2015: department, kind, six digits of the region, nine characters of the organisation code (GB 11714), check.
"""

import numpy as np
from numpy.typing import NDArray

from simulator.companies import Numbers

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_LETTERS = np.frombuffer(ALPHABET.encode(), np.uint8)
_VALUES = np.zeros(128, np.int64)
_VALUES[_LETTERS] = np.arange(31)
# In GB 11714 a letter counts 10 and more by its place in the whole alphabet.
_ORGANISATION_VALUES = np.zeros(128, np.int64)
_ORGANISATION_VALUES[ord("0") : ord("9") + 1] = np.arange(10)
_ORGANISATION_VALUES[ord("A") : ord("Z") + 1] = np.arange(10, 36)

_OLD_SHARE = 3  # of ten companies: registered before 2015, their organisation code is digits only
_DIGIT_STRIDE, _DIGIT_SPACE = 39_916_801, 10**8
_MIXED_STRIDE, _MIXED_SPACE = 400_000_003, 31**6

Characters = NDArray[np.uint8]


def usccs(regions: list[str], numbers: Numbers) -> list[str]:
    """The code of a company (91) in each region, one a number; numbers from 0 to 99,999,999 share none."""
    count = len(numbers)
    codes = np.empty((count, 18), np.uint8)
    codes[:, :2] = np.frombuffer(b"91", np.uint8)
    codes[:, 2:8] = np.frombuffer("".join(regions).encode(), np.uint8).reshape(count, 6)
    codes[:, 8:16] = _organisations(numbers.astype(np.int64))
    codes[:, 16] = _organisation_check(codes[:, 8:16])
    codes[:, 17] = _check(codes[:, :17])
    text = codes.tobytes().decode()
    return [text[start : start + 18] for start in range(0, len(text), 18)]


def spoiled(code: str) -> str:
    """The code with a last character that does not fit; no single O→0 or I→1 repair makes it fit again."""
    return code[:17] + ALPHABET[(ALPHABET.index(code[17]) + 7) % 31]


def _organisations(numbers: NDArray[np.int64]) -> Characters:
    """Eight characters: digits for older companies, MA and six characters for newer ones; two walks without repeat."""
    codes = np.empty((len(numbers), 8), np.uint8)
    old = numbers % 10 < _OLD_SHARE
    rest = (numbers * _DIGIT_STRIDE + 12_345_679) % _DIGIT_SPACE
    for place in range(7, -1, -1):
        codes[:, place] = rest % 10 + ord("0")
        rest //= 10
    rest = (numbers * _MIXED_STRIDE + 12_345_679) % _MIXED_SPACE
    newer = np.empty_like(codes)
    newer[:, :2] = np.frombuffer(b"MA", np.uint8)
    for place in range(7, 1, -1):
        newer[:, place] = _LETTERS[rest % 31]
        rest //= 31
    return np.where(old[:, None], codes, newer)


def _organisation_check(codes: Characters) -> Characters:
    """11 minus the weighted sum modulo 11; 10 is written X and 11 is written 0."""
    check = 11 - (_ORGANISATION_VALUES[codes] * _ORGANISATION_WEIGHTS).sum(axis=1) % 11
    return np.asarray(np.frombuffer(b"0123456789X0", np.uint8)[check])


def _check(codes: Characters) -> Characters:
    """31 minus the weighted sum modulo 31, modulo 31, in the alphabet of the code."""
    return np.asarray(_LETTERS[(31 - (_VALUES[codes] * _WEIGHTS).sum(axis=1) % 31) % 31])
