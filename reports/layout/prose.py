"""The little Markdown that our own policy texts use: headings, lists, bold, paragraphs. Everything else is text."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from reports.layout.letters import composed

_BOLD = re.compile(r"\*\*(.+?)\*\*")


def prose(source: str, *, heading: int = 3) -> Markup:
    """HTML of a text whose `##` headings become level `heading`; markup in the source is shown, never obeyed."""
    blocks = (block.strip() for block in re.split(r"\n\s*\n", source.strip()))
    return Markup("\n").join(_block(block, heading) for block in blocks if block)


def _block(block: str, heading: int) -> Markup:
    if block.startswith("## "):
        return Markup("<h{level}>{text}</h{level}>").format(level=heading, text=_inline(block[3:]))
    if block.startswith("- "):
        items = re.split(r"\n- ", block[2:])
        return Markup("<ul>{}</ul>").format(Markup("").join(Markup("<li>{}</li>").format(_inline(i)) for i in items))
    return Markup("<p>{}</p>").format(_inline(block))


def _inline(text: str) -> Markup:
    """Bold is the only inline mark; it is looked for after escaping, so it cannot smuggle in markup."""
    return Markup(_BOLD.sub(r"<strong>\1</strong>", str(escape(" ".join(text.split())))))  # noqa: S704  escaped above


def lines(text: str) -> Markup:
    """What a person typed, escaped, with its own line breaks; runs of empty lines become one."""
    kept = re.sub(r"\n{3,}", "\n\n", composed(text).strip()).split("\n")
    return Markup("<br>").join(kept)
