"""Sums that are exact, for many windows at once: numbers in limbs of 32 bits, rounded once.

A finite float is a whole number of 53 bits times a power of two. All floats of a column are counted
in one unit, the smallest of their powers; in that unit each is a few limbs, whose sums are whole
numbers that no order of addition changes. `interplane.views.sums` says what the sums are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplane.views.pairs import Bools, Floats, Ints
    from interplane.views.ranges import Ranges

__all__ = ["deviations", "float_sums", "int_sums"]

_LIMB = 32
_MASK = (1 << _LIMB) - 1
_MANTISSA = 53
_BOUND = 1 << 63
_HIGHEST_POWER = 1024
_AT_ONCE = 1 << 16
"""How many sums are rounded at once: there may be 70 limbs of each, and rounding copies them."""


def int_sums(ranges: Ranges, values: Ints) -> tuple[Ints, Bools]:
    """Return the sum of whole numbers in each place, and whether it has room in 64 bits."""
    sums = ranges.totals(values)
    if _largest(values) * ranges.most < _BOUND:
        return sums, np.ones(ranges.size, np.bool_)
    high = ranges.totals(values >> _LIMB) + (ranges.totals(values & _MASK) >> _LIMB)
    half = 1 << (_LIMB - 1)
    return sums, (high >= -half) & (high < half)


def float_sums(ranges: Ranges, values: Floats) -> tuple[Floats, Bools]:
    """Return the sum of floats in each place, and whether it is defined.

    It is not where infinities of both signs meet, and beyond the largest float.
    """
    finite = np.isfinite(values)
    if finite.all():
        return _finite_sums(ranges, values)
    sums, defined = _finite_sums(ranges.where(finite), values[finite])
    above = ranges.where(values == np.inf).counts > 0
    below = ranges.where(values == -np.inf).counts > 0
    sums[above], sums[below] = np.inf, -np.inf
    return sums, (defined | above | below) & ~(above & below)


def deviations(ranges: Ranges, values: Floats) -> tuple[Floats, Bools]:
    """Return the standard deviation of a sample in each place, and whether it is defined.

    It is what `interplane.views.sums.Moments.deviation` says: of two values or more, all finite.
    """
    finite = np.isfinite(values)
    defined = ranges.counts >= 2
    if not finite.all():
        defined &= ranges.where(~finite).counts == 0
        ranges, values = ranges.where(finite), values[finite]
    found = np.zeros(ranges.size)
    if not len(values):
        return found, defined
    totals, squares, unit = _moments(ranges, values)
    for begin in range(0, ranges.size, _AT_ONCE):
        places = slice(begin, begin + _AT_ONCE)
        counts = ranges.counts[places]
        kept, power, _ = _nearest(_spreads(counts, totals[:, places], squares[:, places]))
        fraction, more = np.frexp(kept)
        power += more
        odd = power % 2
        count = np.maximum(counts, 2)
        root = np.sqrt(np.ldexp(fraction, odd) / (count * (count - 1)).astype(np.float64))
        with np.errstate(over="ignore"):
            found[places] = np.ldexp(root, (power - odd) // 2 + unit)
    return found, defined & np.isfinite(found)


def _moments(ranges: Ranges, values: Floats) -> tuple[Ints, Ints, int]:
    """Return the limbs of Σx and of Σx², and the power of two that is the unit of the former."""
    largest = float(np.abs(values).max())
    if largest * largest * ranges.most < _BOUND / 2 and (np.rint(values) == values).all():
        whole = values.astype(np.int64)
        return _two_limbs(ranges.totals(whole)), _two_limbs(ranges.totals(whole * whole)), 0
    fraction, power = np.frexp(values)
    mantissa = (fraction * (1 << _MANTISSA)).astype(np.int64)
    other = mantissa != 0
    unit = int(power[other].min(initial=_HIGHEST_POWER))
    shift = np.where(other, power.astype(np.int64) - unit, 0)
    totals = _limb_sums(ranges, mantissa, shift)
    return totals, _square_sums(ranges, mantissa, 2 * shift), unit - _MANTISSA


def _two_limbs(numbers: Ints) -> Ints:
    return np.stack([numbers & _MASK, numbers >> _LIMB])


def _square_sums(ranges: Ranges, mantissa: Ints, shift: Ints) -> Ints:
    """Return, limb by limb from the lowest, the sums of the squares of mantissas, shifted to the left."""
    lowest, within = shift // _LIMB, (shift % _LIMB).astype(np.uint64)
    size, limb, mask = np.abs(mantissa).astype(np.uint64), np.uint64(_LIMB), np.uint64(_MASK)
    high, low = size >> limb, size & mask  # 21 and 32 bits
    both, middle = low * low, high * low * np.uint64(2)
    digits = [both & mask, (both >> limb) + (middle & mask), (middle >> limb) + high * high]
    digits[2] += digits[1] >> limb
    digits[1] &= mask
    digits.append(digits[2] >> limb)
    digits[2] &= mask
    sums = np.zeros((int(lowest.max()) + 5, ranges.size + 1), np.int64)
    before = np.zeros(len(size), np.uint64)
    for place, digit in enumerate((*digits, np.zeros_like(before))):
        part = ((digit << within) & mask) | (before >> (limb - within))
        ranges.add(sums, lowest + place, part.astype(np.int64))
        before = digit
    return np.cumsum(sums, axis=1)[:, :-1]


def _spreads(counts: Ints, totals: Ints, squares: Ints) -> Ints:
    """Return n·Σx² - (Σx)² in limbs of the unit of Σx²."""
    negative = _carried(totals)[-1] < 0
    digits = _carried(np.where(negative, -totals, totals)).astype(np.uint64)
    times = _carried(squares) * counts  # below 2⁶³: there are fewer than 2³¹ values
    spreads = np.zeros((max(len(times), 2 * len(digits)) + 1, len(counts)), np.int64)
    spreads[: len(times)] = times
    used = [place for place in range(len(digits)) if digits[place].any()]
    for first in used:
        for second in (place for place in used if place >= first):
            product = digits[first] * digits[second]
            twice = 1 if first == second else 2
            spreads[first + second] -= (product & np.uint64(_MASK)).astype(np.int64) * twice
            spreads[first + second + 1] -= (product >> np.uint64(_LIMB)).astype(np.int64) * twice
    return spreads


def _finite_sums(ranges: Ranges, values: Floats) -> tuple[Floats, Bools]:
    if not len(values):
        return np.zeros(ranges.size), np.ones(ranges.size, np.bool_)
    if float(np.abs(values).max()) * ranges.most < _BOUND / 2 and (np.rint(values) == values).all():
        whole = ranges.totals(values.astype(np.int64))
        return whole.astype(np.float64), np.ones(ranges.size, np.bool_)
    fraction, power = np.frexp(values)
    mantissa = (fraction * (1 << _MANTISSA)).astype(np.int64)
    other = mantissa != 0
    if not other.all():
        ranges, mantissa, power = ranges.where(other), mantissa[other], power[other]
        if not len(mantissa):
            return np.zeros(ranges.size), np.ones(ranges.size, np.bool_)
    unit = int(power.min())
    limbs = _limb_sums(ranges, mantissa, power.astype(np.int64) - unit)
    sums = np.empty(ranges.size)
    for begin in range(0, ranges.size, _AT_ONCE):
        places = slice(begin, begin + _AT_ONCE)
        sums[places] = _rounded(limbs[:, places], unit - _MANTISSA)
    return sums, np.isfinite(sums)


def _limb_sums(ranges: Ranges, mantissa: Ints, shift: Ints) -> Ints:
    """Return, limb by limb from the lowest, the sums of mantissas shifted to the left."""
    lowest, within = shift // _LIMB, (shift % _LIMB).astype(np.uint64)
    size = np.abs(mantissa).astype(np.uint64)
    low = size << within
    parts = (low & np.uint64(_MASK), low >> np.uint64(_LIMB), size >> np.uint64(1))
    high = parts[2] >> (np.uint64(63) - within)  # a shift by 64 at once would be none
    sign = np.sign(mantissa)
    sums = np.zeros((int(lowest.max()) + 3, ranges.size + 1), np.int64)
    for place, part in enumerate((parts[0], parts[1], high)):
        ranges.add(sums, lowest + place, part.astype(np.int64) * sign)
    return np.cumsum(sums, axis=1)[:, :-1]


def _rounded(limbs: Ints, unit: int) -> Floats:
    """Return the floats nearest to numbers in limbs, ties to even; infinite where there is none.

    Below the normal range nothing is rounded: a sum of floats is a multiple of the smallest one.
    """
    kept, power, negative = _nearest(limbs)
    with np.errstate(over="ignore"):
        sums: Floats = np.ldexp(kept, power + unit)
    sums[negative] *= -1.0
    return sums


def _nearest(limbs: Ints) -> tuple[Floats, Ints, Bools]:
    """Return the numbers of 53 bits, and powers of two, nearest to numbers in limbs; and which are negative."""
    negative = _carried(limbs)[-1] < 0
    digits = _carried(np.where(negative, -limbs, limbs)).astype(np.uint64)
    there = digits != 0
    empty = ~there.any(axis=0)
    highest = len(digits) - 1 - np.argmax(there[::-1], axis=0)
    more = np.argmax(there, axis=0) < highest - 2
    top = _three(digits, highest)
    bits = np.frexp(top[0].astype(np.float64))[1].astype(np.uint64)
    bits[empty] = 1
    window = _window(top, bits)
    more |= (top[2] & ((np.uint64(1) << bits) - np.uint64(1))) != 0
    kept, rest = window >> np.uint64(11), window & np.uint64(0x7FF)
    half = np.uint64(0x400)
    kept += (rest > half) | ((rest == half) & (more | (kept & np.uint64(1) == 1)))
    power = _LIMB * highest + bits.astype(np.int64) - _MANTISSA
    kept[empty] = 0
    return kept.astype(np.float64), power, negative


def _carried(limbs: Ints) -> Ints:
    """Return digits from 0 to 2³²-1 of the same numbers, and at last what is left, with its sign."""
    digits = np.empty((len(limbs) + 1, limbs.shape[1]), np.int64)
    carry = np.zeros(limbs.shape[1], np.int64)
    for place, limb in enumerate(limbs):
        total = limb + carry
        digits[place] = total & _MASK
        carry = total >> _LIMB
    digits[-1] = carry
    return digits


def _three(digits: NDArray[np.uint64], highest: Ints) -> list[NDArray[np.uint64]]:
    """Return each number's highest digit and the two below it."""
    found = []
    for below in range(3):
        place = (highest - below)[np.newaxis]
        digit = np.take_along_axis(digits, np.maximum(place, 0), axis=0)[0]
        digit[place[0] < 0] = 0
        found.append(digit)
    return found


def _window(top: list[NDArray[np.uint64]], bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the highest 64 bits of three digits, of which the first has so many bits."""
    window = top[0] << (np.uint64(64) - bits)
    window |= top[1] << (np.uint64(_LIMB) - bits)
    window |= top[2] >> bits
    return window


def _largest(values: Ints) -> int:
    return max(int(values.max()), -int(values.min())) if len(values) else 0
