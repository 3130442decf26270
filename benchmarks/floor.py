"""The floor: what a person would write in an afternoon. A requests loop that parses and writes Parquet."""

import json
import re
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import requests

SSE = {
    "sqlId": "SH_XM_LB",
    "isPagination": "true",
    "issueMarketType": "1,2",
    "order": "updateDate|desc,stockAuditNum|desc",
}


def pages(session: requests.Session, base: str, source: str):  # type: ignore[no-untyped-def]
    """Records page by page, without retries, archive, checks or care."""
    index = got = 0
    while True:
        if source == "sse":
            query = SSE | {"jsonCallBack": "c", "pageHelp.pageSize": 500}
            query |= {f"pageHelp.{name}": index + 1 for name in ("pageNo", "beginPage", "endPage")}
            text = session.get(
                f"{base}/query.sse.com.cn/commonSoaQuery.do",
                params=query,
                headers={"Referer": "https://www.sse.com.cn/"},
            ).text
            body = json.loads(re.sub(r"^\w+\(|\)$", "", text))
            rows, total = body["result"], body["pageHelp"]["total"]
        elif source == "szse":
            query = {"bizType": 1, "pageIndex": index, "pageSize": 100}
            body = session.get(f"{base}/www.szse.cn/api/ras/projectrends/query", params=query).json()
            rows, total = body["data"], body["totalSize"]
        else:
            text = session.post(
                f"{base}/www.bse.cn/projectNewsController/infoResult.do", params={"callback": "c"}, data={"page": index}
            ).text
            info = json.loads(re.sub(r"^\w+\(|\)$", "", text))[0]["listInfo"]
            rows, total = info["content"], info["totalElements"]
        yield rows
        got, index = got + len(rows), index + 1
        if got >= total or not rows:
            return


def main(base: str, source: str, target: Path) -> int:
    """Fetch a list and write it; return the number of rows."""
    count, writer = 0, None
    with requests.Session() as session:
        for rows in pages(session, base, source):
            texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
            table = pa.Table.from_pylist(texts, pa.schema([(name, pa.string()) for name in rows[0]]))
            writer = writer or pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table)
            count += len(rows)
    if writer:
        writer.close()
    return count


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
