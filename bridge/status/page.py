"""The state as one self-contained page that the browser loads again by itself, on the bridge's own port.

No script, no link, nothing is loaded: the policy forbids all but the page's own style, by its hash. It is built as a
tree, so that what stands in it (host names, settings, reasons) can only ever be text.
"""

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from bridge.status.figures import Status
from bridge.status.wording import Language, Section, Told, tell

AGAIN_AFTER = 5  # seconds
KEPT = 2.0  # seconds for which one look serves all who ask
STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 1.5rem auto;
padding: 0 1rem } h1 { font-size: 1.3rem; padding: .6rem .8rem; border-left: .5rem solid }
.good { border-color: #2f8f4e; background: #eef7f0 } .look { border-color: #d9a404; background: #fdf8e7 }
.bad { border-color: #9b1c1c; background: #fbeeee } h2 { font-size: 1rem; margin: 1.1rem 0 .2rem }
table { border-collapse: collapse } td { padding: .1rem 1.2rem .1rem 0; vertical-align: top; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #161616 } .good { background: #12261a }
.look { background: #2b240a } .bad { background: #331313 } }
"""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


class Overview:
    """The page of now; many may ask at once, and a look may take seconds where a server is away."""

    def __init__(self, look: Callable[[], Status]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._kept: tuple[float, Status] | None = None

    def page(self, languages: str) -> bytes:
        """The page; in Russian for whoever prefers that (the header Accept-Language)."""
        with self._lock:
            if self._kept is None or time.monotonic() > self._kept[0] + KEPT:
                status = self._look()
                self._kept = time.monotonic(), status
            status = self._kept[1]
        language: Language = "ru" if languages[:2].lower() == "ru" else "en"
        return html(tell(status, language), language).encode()


def html(told: Told, language: Language) -> str:
    root = Element("html", lang=language)
    head = SubElement(root, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY})
    SubElement(head, "meta", {"http-equiv": "refresh", "content": str(AGAIN_AFTER)})
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "title").text = f"AI Handler: {told.sentence}"
    SubElement(head, "style").text = STYLE
    body = SubElement(root, "body")
    SubElement(body, "h1", {"class": told.mood}).text = told.sentence
    for section in told.sections:
        _table(body, section)
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def _table(body: Element, section: Section) -> None:
    SubElement(body, "h2").text = section.title
    table = SubElement(body, "table")
    columns = max(map(len, section.rows))
    for row in section.rows:
        line = SubElement(table, "tr")
        for n, cell in enumerate(row):
            last = {"colspan": str(columns - n)} if n == len(row) - 1 < columns - 1 else {}
            SubElement(line, "td", last).text = cell
