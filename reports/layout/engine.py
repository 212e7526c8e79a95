"""WeasyPrint, tied down. Imported late and only by `press`, because it needs Pango from the system."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from weasyprint import CSS, HTML
from weasyprint.text.ffi import fontconfig
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from reports.errors import PaperRefused, PaperUnavailable
from reports.layout.letters import FONT

for _chatty in ("fontTools", "weasyprint"):  # forty lines for every document otherwise
    logging.getLogger(_chatty).setLevel(logging.WARNING)
_HERE = Path(__file__).parent
_MOST_PAGES = 200
_APPLICATION_FONTS = 1  # FcSetApplication: what a document brought, as opposed to the host's


class _OurFilesOnly(URLFetcher):
    """Serves the font and the style sheet. Anything else ends the rendering instead of being left out quietly."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
        if url == "paper:inter.ttf":
            return URLFetcherResponse(url, FONT.read_bytes(), {"Content-Type": "font/ttf"})
        if url == "paper:paper.css":
            return URLFetcherResponse(url, (_HERE / "paper.css").read_bytes(), {"Content-Type": "text/css"})
        raise FatalURLFetchingError(url)


def typeset(html: str, identifier: bytes) -> bytes:
    """PDF/UA-1 bytes. Raises PaperRefused for a foreign address or too many pages, PaperUnavailable without a font."""
    fonts = FontConfiguration()
    ours = _OurFilesOnly()
    try:
        sheet = CSS(url="paper:paper.css", url_fetcher=ours, font_config=fonts)
        _require_font(fonts)
        document = HTML(string=html, url_fetcher=ours).render(
            font_config=fonts, stylesheets=[sheet], pdf_variant="pdf/ua-1"
        )
        if len(document.pages) > _MOST_PAGES:
            raise PaperRefused(f"A document may not be longer than {_MOST_PAGES} pages.")
        return bytes(document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier))
    except FatalURLFetchingError as error:
        raise PaperRefused("A document may not load anything from outside.") from error


def _require_font(fonts: FontConfiguration) -> None:
    """Drawing text without any font ends the whole process, so this is asked first."""
    if not fontconfig.FcConfigGetFonts(fonts._config, _APPLICATION_FONTS).nfont:  # noqa: SLF001  there is no other door
        raise PaperUnavailable("Documents cannot be made at the moment: their font could not be loaded.")
