"""What the tables of penalty pages say, in every layout they have had; what is laid out otherwise is refused.

Until 2023 a decision is a table of labels and values, of 7 to 11 rows: the party stands in one row, or in rows of its
own for a person (姓名, 单位) and an organization (名称, 法定代表人). Since then a wide table has a row for each party.
"""

import re
from dataclasses import dataclass, field

from extractors.core.errors import SchemaError
from extractors.sources.nfra_penalties.tables import tables

Grid = list[list[str]]

# Label without blanks and brackets → our column. The order matters: the first that matches the whole label counts.
LABELS = (
    ("decision_no", r"(行政)?(处罚)?决定书?文?书?号|行政处罚(决定)?书?文?书?号|处罚决定书文号"),
    ("violation", r"主要?违法违规?(事实|行为)(案由)?|主要违法(事实|行为)(案由)?|案由"),
    ("basis", r"(行政)?处罚依据"),
    ("decision", r"(行政)?(处罚|处理)决定|(行政)?处罚(内容|种类)(及金额)?"),
    ("authority", r"[作做]出(行政)?(处罚)?(决定)?的?机关(名称)?"),
    ("decided_on", r"[作做]出(行政)?(处罚)?(决定)?的?(日期|时间)"),
    ("organization", r"(单位)?名称|单位名称|被处罚单位(名称)?|机构名称"),
    ("party", r"被处罚(当事)?人(姓名或名称|名称)?|当事人(名称)?|被处罚当事人"),
    ("leader", r"法定代表人.*|主要?负责人.*|(单位)?负责人姓名"),
    ("person", r"(个人)?姓名|被处罚个人(姓名)?"),
    ("employer", r"(工作)?单位|所在单位|职务"),
    ("number", r"序号"),
)
NEEDED = ("decision_no", "violation", "decision", "authority")
ORGANIZATION = re.compile(
    r"公司|银行|支行|分行|信用社|信用联社|联社|营业部|营业所|中心|合作社|互助社|事务所|集团|经纪|公估|代理|基金|信托|储蓄所|"
    r"分理处|办事处|分社|交易所|协会|机构|厂$|店$|部$|社$"
)
_PERSON = re.compile(r"[\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff]{1,10}[·•・][\u4e00-\u9fff·•・]{1,14}")
_OFFICE = re.compile(r"时任|时为|现任|先生|女士|身份证|[（(](男|女)")
_EMPTY = re.compile(r"[-—–/\\无]*")


@dataclass(slots=True)
class Decision:
    """One decision of a page: its columns, the organizations it is against, and the persons it names."""

    columns: dict[str, str] = field(default_factory=dict)
    organizations: list[str] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)


def decisions(html: str) -> list[Decision]:
    """The decisions of a page in their order; raise `SchemaError` saying what was found instead of a known layout."""
    found: list[Decision] = []
    grids = tables(html)
    for grid in grids:
        if head := _head(grid):
            found += _wide(grid, *head)
        elif any(_label(cell) == "decision_no" for row in grid for cell in row):
            found.append(_tall(grid))
    if not found:
        shapes = ", ".join(f"{len(grid)} × {len(grid[0])}" for grid in grids)
        raise SchemaError(
            f"expected a table with 行政处罚决定书文号, got {f'tables of {shapes} cells' if grids else 'no table'}"
        )
    return found


def _label(text: str) -> str:
    """Our column for a label; empty where the text is none."""
    plain = re.sub(r"[\s（()）：:、,，]", "", text)
    return next((name for name, pattern in LABELS if re.fullmatch(pattern, plain)), "")


def _head(grid: Grid) -> tuple[int, list[str]] | None:
    """Where the head of a wide table stands and its columns; nothing where the table is none."""
    for at, row in enumerate(grid[:3]):
        labels = [_label(cell) for cell in row]
        if "decision_no" in labels and ("party" in labels or "organization" in labels) and "decision" in labels:
            return at, labels
    return None


def _wide(grid: Grid, at: int, labels: list[str]) -> list[Decision]:
    unknown = [cell for cell, label in zip(grid[at], labels, strict=True) if not label]
    if unknown:
        raise SchemaError(f"expected the columns of a list of penalties, got also {', '.join(unknown)[:200]}")
    rows = []
    for row in grid[at + 1 :]:
        if len(row) != len(labels):
            raise SchemaError(f"expected {len(labels)} cells in every row of the list, got {len(row)}")
        told = {label: cell for label, cell in zip(labels, row, strict=True) if label != "number"}
        decision = Decision({name: told[name] for name, _ in LABELS[:6] if name in told})
        _take(decision, told.get("organization") or told.get("party", ""))
        _require(decision)
        rows.append(decision)
    return rows


def _tall(grid: Grid) -> Decision:
    """A table of labels and values: the last cell of a row is the value, the label stands before it."""
    decision = Decision()
    person = False
    for row in grid:
        cells = [cell for at, cell in enumerate(row) if at == 0 or cell != row[at - 1]]
        value, labels = cells[-1], cells[:-1]
        if _label(value) or (not labels and _is_title(value, decision)):
            continue  # a label without a value, a title over the table
        if not labels:
            raise SchemaError("expected rows of a label and a value, got a row of one cell")
        label = _label(labels[-1])
        if not label:
            raise SchemaError(f"expected a known label, got {labels[-1][:80]!r}")
        if label == "organization":
            _take(decision, value, stated=True)
        elif label == "party":
            _take(decision, value)
        elif label in ("person", "leader"):
            # "张三 李四" are two, "李 明" is one: whatever it is, none of it is to be read anywhere.
            told = _names(value)
            decision.persons += [name.replace(" ", "") for name in told]
            decision.persons += [word for name in told for word in name.split(" ") if len(word) > 1]
            person |= label == "person" and bool(_names(value))
        elif label == "employer":
            # Whose employer? Without a person above it the row may mean the party itself.
            if _names(value) and not person:
                raise SchemaError(
                    "expected 名称 for a party that is an organization, got 单位 without a person above it"
                )
        elif label in decision.columns:
            raise SchemaError(f"expected one row {labels[-1]!r}, got another one")
        else:
            decision.columns[label] = value
    _require(decision)
    return decision


def _is_title(text: str, decision: Decision) -> bool:
    return not decision.columns and "公开表" in text


def _require(decision: Decision) -> None:
    lacking = [name for name in NEEDED if not decision.columns.get(name)]
    if lacking:
        names = {"decision_no": "文号", "violation": "案由", "decision": "行政处罚决定", "authority": "机关"}
        raise SchemaError(f"expected a value for {', '.join(names[name] for name in lacking)}, got none")


def _names(value: str) -> list[str]:
    """The parties of a cell."""
    parts = (part.strip() for part in re.split(r"[、;；\n]|(?<=[）)])[,，]|(?<=公司)[,，]", value))
    return [part for part in parts if not _EMPTY.fullmatch(part)]


def _take(decision: Decision, value: str, *, stated: bool = False) -> None:
    """Sort the parties of a cell into organizations and persons; `stated`: the label says they are organizations."""
    for name in _names(value):
        words = name.split(" ")
        if _OFFICE.search(name):
            decision.persons.append(re.split(r"[（( ]|时任|时为|现任|先生|女士", name)[0])
        elif len(words) > 1 and ORGANIZATION.search(name) and any(_is_person(word) for word in words):
            # A person and where he works, or an organization and who stands for it: the cell does not say.
            raise SchemaError("expected one party, got an organization and a person in one cell")
        elif ORGANIZATION.search(name) or stated:
            decision.organizations.append(name.replace("\n", ""))
        elif _is_person(name.replace(" ", "")):
            decision.persons.append(name.replace(" ", ""))
        else:
            raise SchemaError(
                f"expected an organization or a person's name of 2 to 4 characters, got {len(name)} others"
            )


def _is_person(name: str) -> bool:
    return bool(_PERSON.fullmatch(name)) and not ORGANIZATION.search(name)
