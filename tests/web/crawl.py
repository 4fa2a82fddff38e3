"""Finds the pages that somebody can reach by following links: one for each endpoint."""

import re
from collections import deque
from html import unescape
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

LINK = re.compile(r'<a\s[^>]*href="([^"#][^"]*)"')
STARTS = {
    "anybody": (
        "/",
        "/find?q=alder",
        "/schools/alder-primary",
        "/?lang=pl",
        "/schools/alder-primary?lang=ur",
        "/sign-in",
        "/dev/mail",
    ),
    "staff": ("/home",),
}


def crawl(app: Flask, client: FlaskClient, starts: tuple[str, ...], *, most: int = 150) -> dict[str, str]:
    """HTML by path: the first page found for each endpoint and language."""
    waiting, seen, pages = deque(starts), set(starts), {}
    endpoints: set[tuple[str, str]] = set()
    while waiting and len(pages) < most:
        path = waiting.popleft()
        endpoint = endpoint_of(app, path)
        if endpoint is None or endpoint in endpoints:
            continue
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code < 500, f"{path}: {answer.status_code}"
        if answer.status_code != 200 or not answer.content_type.startswith("text/html"):
            continue
        endpoints.add(endpoint)
        html = answer.get_data(as_text=True)
        pages[path] = html
        for found in LINK.findall(html):
            target = urljoin(answer.request.path, unescape(found))
            if not urlsplit(target).netloc and target not in seen:
                seen.add(target)
                waiting.append(target)
    return pages


def endpoint_of(app: Flask, path: str) -> tuple[str, str] | None:
    parts = urlsplit(path)
    try:
        endpoint, _values = app.url_map.bind("localhost").match(parts.path, method="GET")
    except HTTPException:
        return None
    language = re.search(r"lang=(\w+)", parts.query)
    return str(endpoint), language.group(1) if language else "en"
