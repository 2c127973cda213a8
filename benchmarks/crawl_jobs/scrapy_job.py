"""Scrapy alone: CSS fields, the full text of the page, JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import scrapy
from scrapy.crawler import CrawlerProcess


class Pages(scrapy.Spider):
    name = "pages"
    custom_settings: ClassVar[dict[str, Any]] = {
        "ROBOTSTXT_OBEY": True,
        "LOG_LEVEL": "WARNING",
        "CONCURRENT_REQUESTS": 16,
        "TELNETCONSOLE_ENABLED": False,
    }

    async def start(self):  # type: ignore[no-untyped-def]
        for number in range(self.count):
            yield scrapy.Request(f"http://127.0.0.1:{self.port}/pages/{number}")

    def parse(self, response: Any) -> Iterator[dict[str, Any]]:
        yield {
            "url": response.url,
            "title": response.css("title::text").get(),
            "description": response.css("meta[name=description]::attr(content)").get(),
            "h1": response.css("h1::text").get(),
            "links": response.css("a::attr(href)").getall(),
            "text": " ".join(response.css("body ::text").getall()),
        }


def main(port: str, pages: str, work: str) -> None:
    process = CrawlerProcess({"FEEDS": {str(Path(work) / "pages.jsonl"): {"format": "jsonlines"}}})
    process.crawl(Pages, port=int(port), count=int(pages))
    process.start()
    with (Path(work) / "pages.jsonl").open(encoding="utf-8") as file:
        count = sum(1 for _ in file)
    print(f"{count} pages")
    if count < int(pages) * 0.95:
        raise SystemExit("pages are missing: the figure would not count")


if __name__ == "__main__":
    main(*sys.argv[1:])
