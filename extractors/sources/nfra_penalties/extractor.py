"""National Financial Regulatory Administration: penalties against institutions, from three lists of pages.

Lists are JSON, 18 pages of text at a time counted from 1; each page is a JSON document with an HTML table in it, which
names natural persons. It is read here and kept nowhere: records speak of organizations only. A page is read when it is
new, for a week after that (some are corrected), and with all others from time to time.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from extractors.core.errors import RefusedError, SchemaError, SourceError
from extractors.core.http import Client
from extractors.core.pages import Broken, Cursor, ListMoved, Page, Record, Since, Warn, Yielded, at, stable_pages
from extractors.sources.nfra_penalties.layouts import ORGANIZATION, Decision, decisions

# 总局机关, 监管局本级, 监管分局本级
LISTS = ("4113", "4114", "4115")
LIST = "/cbircweb/DocInfo/SelectDocByItemIdAndChild"
DETAIL = "/cn/static/data/DocInfo/SelectByDocId/data_docId={}.json"
PAGE_SIZE = 18
AGAIN = timedelta(days=7)
ERASED = "[个人]"
# A name between 对 and what was done to it; a text may name persons that stand nowhere else on the page.
PUNISHED = re.compile(
    r"(?<=对)(?!其|该|上述|相关|有关)[\u4e00-\u9fff·]{2,4}?(?=(分别)?(给予|处以|予以|警告|罚款|禁止|取消))"
)
IN_BRACKETS = re.compile(r"[（(]([^（）()]*)[）)]")
COLUMNS = ("decision_no", "party_name", "violation", "basis", "decision", "authority", "decided_on")


def penalty(client: Client, since: Since) -> Iterator[Yielded]:
    """Yield the penalized organizations of decisions published since the cursor, which is a day, and shortly before it.

    One part a list; a list that fails is `Broken`, and the next reading begins where this one did.
    """
    days: set[date] = set()
    failed = False
    for item in LISTS:
        try:
            entries = _listed(client, item)
            days |= {day for entry in entries if (day := _published(entry))}
            yield from _list(client, item, [entry for entry in entries if _is_due(entry, since)])
        except SourceError as error:
            failed = True
            yield Broken(item, str(error))
    if days and not failed:
        yield Cursor(str(max(days)), since.cursor is None)


def _published(entry: Record) -> date | None:
    """The day an entry of a list was published; None where that is no day."""
    try:
        return date.fromisoformat(str(entry.get("publishDate"))[:10])
    except ValueError:
        return None


def _is_due(entry: Record, since: Since) -> bool:
    """Whether the page of an entry is to be read."""
    day = _published(entry)
    return since.cursor is None or day is None or day > date.fromisoformat(since.cursor) - AGAIN


def _list(client: Client, item: str, entries: list[Record]) -> Iterator[Yielded]:
    """The organizations of these pages of a list."""
    records: list[tuple[Record, str]] = []
    for listed in entries:
        doc = str(listed["docId"])
        about = {"doc_id": doc, "item_id": item, "published_on": listed.get("publishDate")}
        try:
            found = _page(client, doc)
        except (RefusedError, SchemaError) as error:
            # Withheld later for its empty columns: nobody guesses what an unknown page says, and nobody overlooks it.
            yield Warn(f"docId {doc} of list {item} could not be read: {error}")
            found = [{"party_no": "0"}]
        payload = client.last.sha256 if client.last else ""
        records += ((about | record, payload) for record in found)
    if not records:
        yield Page([], 0, partition=item)
    for record, payload in records:
        yield Page([dict.fromkeys(COLUMNS) | record], len(records), 0, item, payload)


def _listed(client: Client, item: str) -> list[Record]:
    """Every entry of a list, each once; raise `ListMoved` where fewer came than it declares."""

    def page(index: int) -> Page:
        query: dict[str, str | int] = {"itemId": item, "pageSize": PAGE_SIZE, "pageIndex": index}
        answer = client.get_json(LIST, params=query, has=("data",), whole=True)
        return Page(at(answer, "data.rows", list), at(answer, "data.total", int))

    crawl, total = 0, 0
    found: dict[str, Record] = {}
    for came in stable_pages(page, key="docId", first=1):
        found = {} if came.crawl != crawl else found
        crawl, total = came.crawl, came.declared_total
        found |= {str(record.get("docId")): record for record in came.records}
    if len(found) != total:
        raise ListMoved(f"list {item} declares {total} pages, {len(found)} came")
    return list(found.values())


def _page(client: Client, doc: str) -> list[Record]:
    """The organizations of a page, in its order; raise `SchemaError` for a layout that nobody has seen."""
    answer = client.get_json(DETAIL.format(doc), has=("data",), whole=True)
    if str(at(answer, "data", dict).get("docId")) != doc:
        raise SchemaError(f"expected page {doc}, got {answer['data'].get('docId')!r:.40}")
    found = decisions(at(answer, "data.docClob", str))
    title = str(answer["data"].get("docSubtitle") or answer["data"].get("docTitle") or "")
    persons = sorted({name for decision in found for name in decision.persons}, key=len, reverse=True)
    parties = [(decision, name) for decision in found for name in decision.organizations]
    return [
        _record(decision, name, persons) | {"party_no": str(number), "doc_title": _erased_title(title, persons)}
        for number, (decision, name) in enumerate(parties, start=1)
    ]


def _record(decision: Decision, party: str, persons: list[str]) -> Record:
    told = {name: _erased(text, persons) for name, text in decision.columns.items()}
    return told | {"party_name": party}


def _erased_title(title: str, persons: list[str]) -> str:
    """A title without persons: what stands in brackets is a party; only organizations and numbers stay."""
    shown = _erased(title, persons)
    return IN_BRACKETS.sub(
        lambda found: found[0] if ORGANIZATION.search(found[1]) or re.search(r"\d|号", found[1]) else f"（{ERASED}）",
        shown,
    )


def _erased(text: str, persons: list[str]) -> str:
    """A text in which the persons of the page are not named, nor whom it says something was done to (对…给予警告)."""
    for name in persons:
        text = text.replace(name, ERASED)
    return PUNISHED.sub(lambda found: found[0] if ORGANIZATION.search(found[0]) else ERASED, text)
