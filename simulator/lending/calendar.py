"""Months, quarters and the nights of the simulated economy as plain integers."""

import datetime as dt

OPENING = dt.date(2026, 7, 13)
"""The night on which institutions begin to deliver: what they had before arrives together."""


def month_number(day: dt.date) -> int:
    """Months since year 0."""
    return day.year * 12 + day.month - 1


def month_name(month: int) -> str:
    """`2026-06`."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def month_end(month: int) -> dt.date:
    """The last day of a month."""
    following = month + 1
    return dt.date(following // 12, following % 12 + 1, 1) - dt.timedelta(days=1)


def quarter_name(quarter: int) -> str:
    """`2026Q2`; quarters are counted from year 0."""
    return f"{quarter // 4:04}Q{quarter % 4 + 1}"


def quarter_of(month: int) -> int:
    """The quarter a month lies in."""
    return month // 3


def quarter_end_month(quarter: int) -> int:
    """The last month of a quarter."""
    return quarter * 3 + 2


def days(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - dt.date(1970, 1, 1)).days


def date_of(number: int) -> dt.date:
    """The date that is so many days after 1970-01-01."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=number)
