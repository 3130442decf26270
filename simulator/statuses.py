"""The review status of an IPO project: how each exchange writes it, what it means, and which step can follow which.

Codes after the exchanges' own dictionaries; canonical states and the steps between them after the review rules:
accepted → inquired ⇄ suspended → committee (passed, deferred, failed → re-review) → submitted → registration.
Where a source does not tell the outcome (SSE 8 and BSE P10 are a bare 终止, an SSE 5 may lack `registeResult`), the
canonical state says only what is known: `terminated`, `registration_decided`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EXCHANGES = ("SSE", "SZSE", "BSE")


class Status(NamedTuple):
    """One way in which an exchange writes a status.

    `code` is SSE's currStatus, SZSE's stage, BSE's status; `sub` the sub-code: SSE's commitiResult, registeResult or
    suspendStatus, SZSE's prjstatus; `label` the words SZSE puts beside it. `share` is its weight in the founding
    population, `entry` its weight among the rows of one canonical state when a project steps into that state.
    """

    exchange: str
    canonical: str
    code: str
    sub: str = ""
    label: str = ""
    share: float = 0.0
    entry: float = 1.0


STATUSES = (
    Status("SSE", "accepted", "1", share=1.5),
    Status("SSE", "inquired", "2", share=6.0),
    Status("SSE", "committee_pending", "3", share=0.2),
    Status("SSE", "committee_passed", "3", "1", share=0.4, entry=0.9),
    Status("SSE", "committee_passed", "3", "2", share=0.1, entry=0.1),
    Status("SSE", "committee_failed", "3", "3", share=0.1),
    Status("SSE", "committee_deferred", "3", "6", share=0.1),
    Status("SSE", "submitted", "4", share=0.6),
    Status("SSE", "effective", "5", "1", share=53.6),
    Status("SSE", "refused", "5", "2", share=0.3),
    Status("SSE", "terminated_registration", "5", "3", share=1.5),
    Status("SSE", "registration_decided", "5", share=0.5),
    Status("SSE", "issued", "6", share=0.6),
    Status("SSE", "suspended", "7", "1", share=0.5, entry=0.8),
    Status("SSE", "suspended", "7", "2", share=0.2, entry=0.2),
    Status("SSE", "terminated", "8", share=33.5),
    Status("SSE", "re_review_pending", "9", share=0.1),
    Status("SSE", "re_review_passed", "9", "4", share=0.1),
    Status("SSE", "re_review_failed", "9", "5", share=0.1),
    Status("SSE", "supplementary_review", "10", share=0.1),
    Status("SZSE", "accepted", "10", "20", "已受理", share=1.5),
    Status("SZSE", "inquired", "20", "30", "已问询", share=6.0),
    Status("SZSE", "committee_passed", "30", "45", "上市委会议通过", share=0.4),
    Status("SZSE", "committee_failed", "30", "44", "上市委会议未通过", share=0.1),
    Status("SZSE", "committee_deferred", "30", "46", "上市委会议暂缓审议", share=0.1),
    Status("SZSE", "re_review_passed", "30", "56", "复审通过", share=0.1),
    Status("SZSE", "re_review_failed", "30", "54", "复审不通过", share=0.1),
    Status("SZSE", "submitted", "35", "60", "提交注册", share=0.6),
    Status("SZSE", "supplementary_review", "35", "78", "补充审核", share=0.1),
    Status("SZSE", "effective", "40", "70", "注册生效", share=45.0),
    Status("SZSE", "refused", "40", "74", "不予注册", share=0.2),
    Status("SZSE", "terminated_registration", "40", "76", "终止注册", share=2.0),
    Status("SZSE", "suspended", "50", "80", "中止", share=0.5),
    Status("SZSE", "withdrawn", "60", "95", "终止(撤回)", share=41.0),
    Status("SZSE", "rejected", "60", "90", "终止(审核不通过)", share=2.2),
    Status("SZSE", "lapsed", "60", "", "终止(未在规定时限内回复)", share=0.2),
    Status("BSE", "accepted", "P01", share=3.0),
    Status("BSE", "inquired", "P02", share=12.0),
    Status("BSE", "committee_pending", "P100", share=0.3),
    Status("BSE", "committee_passed", "P03", share=1.0),
    Status("BSE", "committee_failed", "P04", share=0.2),
    Status("BSE", "committee_deferred", "P05", share=0.2),
    Status("BSE", "submitted", "P06", share=3.0),
    Status("BSE", "registration_decided", "P101", share=0.1),
    Status("BSE", "effective", "P07", share=41.0),
    Status("BSE", "effective", "P07-1", share=0.4, entry=0),
    Status("BSE", "effective", "P07-2", share=0.3, entry=0),
    Status("BSE", "refused", "P08-1", share=0.3),
    Status("BSE", "refused", "P08-2", share=0.1, entry=0),
    Status("BSE", "suspended", "P09", share=3.0),
    Status("BSE", "terminated", "P10", share=35.0),
    # Codes nobody has seen: only the fault `unknown-status` shows them.
    Status("SSE", "unknown", "77"),
    Status("SZSE", "unknown", "99", "99", "尚未公布的状态"),
    Status("BSE", "unknown", "P77"),
)

STEPS: dict[str, dict[str, float]] = {
    "accepted": {"inquired": 95, "suspended": 2, "terminated": 3, "withdrawn": 3},
    "inquired": {
        "committee_pending": 5,
        "committee_passed": 60,
        "committee_deferred": 3,
        "committee_failed": 2,
        "suspended": 8,
        "terminated": 20,
        "withdrawn": 20,
        "lapsed": 1,
    },
    "suspended": {"accepted": 20, "inquired": 60, "terminated": 20, "withdrawn": 20},
    "committee_pending": {"committee_passed": 84, "committee_deferred": 10, "committee_failed": 6},
    "committee_deferred": {"committee_pending": 90, "committee_passed": 9, "committee_failed": 1},
    "committee_passed": {"submitted": 97, "terminated": 3, "withdrawn": 3},
    "committee_failed": {"re_review_pending": 10, "re_review_passed": 1, "terminated": 90, "rejected": 90},
    "re_review_pending": {"re_review_passed": 30, "re_review_failed": 70},
    "re_review_passed": {"submitted": 1},
    "re_review_failed": {"terminated": 1, "rejected": 1},
    "submitted": {"effective": 86, "terminated_registration": 8, "refused": 4, "supplementary_review": 2},
    "supplementary_review": {"submitted": 60, "effective": 40},
}
"""What can follow what, with weights after the 191 changes seen in 30 real nights. A state that an exchange does not
know falls away (SZSE shows no committee_pending); a state not named here is never left.
"""


def find(exchange: str, canonical: str) -> int:
    """Row in STATUSES of the first way in which `exchange` writes `canonical`; KeyError when it has none."""
    for row, status in enumerate(STATUSES):
        if (status.exchange, status.canonical) == (exchange, canonical):
            return row
    raise KeyError(f"{exchange} does not write {canonical}")


def _steps() -> NDArray[np.float64]:
    """Cumulated probability of the next row by present row; a final row has zeros only."""
    chances = np.zeros((len(STATUSES), len(STATUSES)))
    for before, here in enumerate(STATUSES):
        for after, there in enumerate(STATUSES):
            if here.exchange == there.exchange:
                chances[before, after] = STEPS.get(here.canonical, {}).get(there.canonical, 0) * there.entry
    cumulated = np.cumsum(chances, axis=1)
    totals = cumulated[:, -1:]
    return np.asarray(cumulated / np.where(totals > 0, totals, 1))


_CUMULATED = _steps()

MOVING: NDArray[np.bool_] = _CUMULATED[:, -1] > 0
"""By row of STATUSES: can a project still leave this status?"""


def shares(exchange: str) -> NDArray[np.float64]:
    """Probability of each row of STATUSES in the founding population of an exchange."""
    weights = np.array([status.share * (status.exchange == exchange) for status in STATUSES])
    return np.asarray(weights / weights.sum())


def step(rows: NDArray[np.integer], draws: NDArray[np.float64]) -> NDArray[np.int8]:
    """The next status of projects that stand in `rows`, by one uniform draw in [0, 1) each; all must be MOVING."""
    return np.asarray((_CUMULATED[rows] <= draws[:, None]).sum(axis=1), dtype=np.int8)
