"""The pipeline one would glue together: Scrapy fetches, trafilatura reads, dlt loads into DuckDB."""

from __future__ import annotations

import os
import sys
from typing import Any, ClassVar

import scrapy
import trafilatura
from scrapy.crawler import CrawlerProcess

FOUND: list[dict[str, Any]] = []


class Articles(scrapy.Spider):
    name = "articles"
    custom_settings: ClassVar[dict[str, Any]] = {
        "ROBOTSTXT_OBEY": True,
        "LOG_LEVEL": "WARNING",
        "CONCURRENT_REQUESTS": 16,
        "TELNETCONSOLE_ENABLED": False,
    }

    async def start(self):  # type: ignore[no-untyped-def]
        for number in range(self.count):
            yield scrapy.Request(f"http://127.0.0.1:{self.port}/pages/{number}")

    def parse(self, response: Any) -> None:
        read = trafilatura.bare_extraction(response.body, url=response.url, with_metadata=True)
        facts = read.as_dict() if read is not None else {}
        FOUND.append(
            {
                "url": response.url,
                **{key: facts.get(key) for key in ("title", "author", "date", "description", "sitename", "text")},
            }
        )


def main(port: str, pages: str, work: str) -> None:
    os.environ["DLT_DATA_DIR"] = work
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.chdir(work)
    process = CrawlerProcess()
    process.crawl(Articles, port=int(port), count=int(pages))
    process.start()
    import dlt

    pipeline = dlt.pipeline("glue", destination=dlt.destinations.duckdb("glue.duckdb"), dataset_name="pages", pipelines_dir=work)
    pipeline.run(FOUND, table_name="page")
    print(f"{len(FOUND)} pages")
    if len(FOUND) < int(pages) * 0.95:
        raise SystemExit("pages are missing: the figure would not count")


if __name__ == "__main__":
    main(*sys.argv[1:])
