"""One mail from its template: the subject, a text and the same in HTML, under our name and with the reason it was sent.

`<template>.txt` is what people write: the first line is the subject, the rest the text. Paragraphs are parted by empty
lines; a paragraph `Label: https://…` becomes a button, lines that begin with `- ` a list. `{% set why = "…" %}` says
why somebody gets it. Where that is not enough, `<template>.html` beside it is the HTML of the middle part. Links may be
paths of this site: `{{ link | absolute }}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from reports.layout.formats import day, instant, money, window
from reports.mail.moments import deadline

_HERE = Path(__file__).parent
_NAME = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)*")
_BUTTON = re.compile(r"(?P<label>[^\n:]{1,80}): (?P<url>https?://\S+)")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_LONGEST_SUBJECT = 250
WHY = "You get this because you have an account with us."


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the company as it stands below every mail, and the address of its site without a slash at the end."""

    name: str
    address: tuple[str, ...]
    email: str
    site: str
    zone: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's words."""

    subject: str
    text: str
    html: str


class NoSuchTemplate(Exception):  # noqa: N818  it says what is wrong
    """No template has this name: a mistake of ours."""


def write(template: str, words: Mapping[str, Any], *, sender: Sender, unsubscribe_url: str = "") -> Letter:
    """The letter. A missing word, or one that is None, raises; markup in words is shown, never obeyed."""
    if not _NAME.fullmatch(template):
        raise NoSuchTemplate(template)
    given = {"sender": sender, **words}
    try:
        body = _plain().get_template(f"{template}.txt")
    except TemplateNotFound as missing:
        raise NoSuchTemplate(template) from missing
    subject, _, text = body.render(given).strip().partition("\n")
    why = str(getattr(body.make_module(given), "why", WHY))
    title = _one_line(subject)
    frame = {"sender": sender, "why": why, "subject": title, "unsubscribe_url": unsubscribe_url}
    middle = _middle(template, given, text.strip())
    return Letter(
        subject=title,
        text=_plain().get_template("base.txt").render(frame, body=_tidy(text)),
        html=_marked_up().get_template("base.html").render(frame, body=middle),
    )


def _middle(template: str, given: Mapping[str, Any], text: str) -> Markup:
    try:
        return Markup(_marked_up().get_template(f"{template}.html").render(given))  # noqa: S704  escaped by Jinja
    except TemplateNotFound:
        site = given["sender"].site
        return Markup("\n").join(_block(block.strip(), site) for block in re.split(r"\n\s*\n", text) if block.strip())


def _block(block: str, site: str) -> Markup:
    """Only addresses of this site become links: what somebody typed may name another, and leads nowhere from us."""
    if (button := _BUTTON.fullmatch(block)) and button["url"].startswith(f"{site}/"):
        return Markup(
            '<p style="margin:24px 0"><a href="{url}" style="background:#0b5139;color:#ffffff;display:inline-block;'
            'padding:12px 20px;border-radius:10px;text-decoration:none;font-weight:600">{label}</a></p>'
        ).format(**button.groupdict())
    rows = block.split("\n")
    if all(row.startswith("- ") for row in rows):
        return Markup("<ul>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(_linked(r[2:], site)) for r in rows)
        )
    return Markup("<p>{}</p>").format(Markup("<br>").join(_linked(row.strip(), site) for row in rows))


def _linked(text: str, site: str) -> Markup:
    parts, end = [], 0
    for found in _LINK.finditer(text):
        if not found[0].startswith(f"{site}/"):
            continue
        link = Markup('<a href="{0}" style="color:#0b5139">{0}</a>').format(found[0])
        parts += [escape(text[end : found.start()]), link]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _one_line(subject: str) -> str:
    return " ".join(subject.split())[:_LONGEST_SUBJECT]


def _tidy(text: str) -> str:
    """Lines without blanks at their end, never more than one empty line."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.strip().split("\n")))


def _said(value: Any) -> Any:
    if value is None:
        raise TypeError("a mail has no place for a missing value")
    return value


@pass_context
def _absolute(context: Context, link: str) -> str:
    """A path of this site as the address people can click; another site's address stays what it is."""
    return f"{context['sender'].site}{link}" if link.startswith("/") and not link.startswith("//") else link


@pass_context
def _deadline(context: Context, moment: Any) -> str:
    return deadline(moment, context["sender"].zone)


def _environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_HERE),
        autoescape=autoescape,
        undefined=StrictUndefined,
        finalize=_said,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(money=money, day=day, instant=instant, window=window, absolute=_absolute, deadline=_deadline)
    return made


@cache
def _plain() -> ImmutableSandboxedEnvironment:
    return _environment(autoescape=False)


@cache
def _marked_up() -> ImmutableSandboxedEnvironment:
    return _environment(autoescape=True)
