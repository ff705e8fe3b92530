"""A digest as an Atom feed (RFC 4287).

Owns the feed's ids, which stay the same from one fetch to the next, and its moments, which are those of what
it tells and not of the fetch: a feed in which nothing is new is the same file, to the letter. Pure.
"""

from __future__ import annotations

import re
import uuid
from xml.etree import ElementTree

from assistant.digest import Digest, Noted
from assistant.saved_questions import Outcome
from ui.digest.forms import Edition, outcome_words, question_told, summary, title, told
from ui.library.address import to_paper
from ui.parts.markup import clean, link
from ui.parts.render import byline

MEDIA_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

ElementTree.register_namespace("", _ATOM)


def as_atom(edition: Edition, address: str = "") -> str:
    """The feed, an entry a paper and one a saved question whose answer changed; `address` is its own."""
    digest = edition.digest
    feed = ElementTree.Element(f"{{{_ATOM}}}feed")
    moments = [
        *(_moment(noted.arrived) for noted in digest.papers),
        *(_moment(one.asked) for one in edition.changed),
    ]
    _text(feed, "id", _urn("digest", digest.wish.by, digest.wish.topic, *digest.wish.organizations))
    _text(feed, "title", title(digest))
    _text(feed, "subtitle", summary(digest))
    _text(feed, "updated", max(moments, default=f"{digest.since}T00:00:00+00:00"))
    _person(feed, "Ibid")
    if link(address):
        _element(feed, "link", rel="self", href=address, type=MEDIA_TYPE)
    for outcome in edition.changed:
        _question(feed, outcome)
    for noted in sorted(digest.papers, key=lambda one: one.arrived, reverse=True):
        _paper(feed, noted, edition)
    ElementTree.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(feed, encoding="unicode")}\n'


def _paper(feed: ElementTree.Element, noted: Noted, edition: Edition) -> None:
    paper, entry = noted.paper, _element(feed, "entry")
    _text(entry, "id", _urn("paper", paper.id))
    _text(entry, "title", paper.title)
    _text(entry, "updated", _moment(noted.arrived))
    if _DAY.fullmatch(paper.published or ""):
        _text(entry, "published", f"{paper.published}T00:00:00Z")
    for name in paper.authors or ((paper.organization,) if paper.organization else ()):
        _person(entry, name)
    address = link(paper.url) or (f"{edition.home}library{to_paper(paper.id)}" if edition.home else None)
    if address:
        _element(entry, "link", rel="alternate", href=address)
    topic = _topic_of(noted, edition.digest)
    if topic:
        _element(entry, "category", term=topic)
    _text(entry, "summary", _summary(noted, edition.digest))
    _text(entry, "content", told(noted, edition), type="html")


def _question(feed: ElementTree.Element, outcome: Outcome) -> None:
    entry, cited = _element(feed, "entry"), sorted(paper.id for paper in outcome.came + outcome.went)
    _text(entry, "id", _urn("question", outcome.question.id, outcome.asked, *cited))
    _text(entry, "title", outcome.question.question)
    _text(entry, "updated", _moment(outcome.asked))
    _text(entry, "summary", outcome_words(outcome))
    _text(entry, "content", question_told(outcome), type="html")


def _topic_of(noted: Noted, digest: Digest) -> str:
    return next((topic.name for topic in digest.topics if noted in topic.papers), "")


def _summary(noted: Noted, digest: Digest) -> str:
    cited = digest.cited(noted)
    return cited.quote if cited else byline(noted.paper)


def _moment(kept: str) -> str:
    """A moment of ours, to the second."""
    return f"{kept[:19]}+00:00"


def _urn(*parts: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(("ibid", *parts))).urn


def _person(parent: ElementTree.Element, name: str) -> None:
    _text(_element(parent, "author"), "name", name)


def _text(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    _element(parent, name, **attributes).text = _NO_XML.sub("", clean(text))


def _element(parent: ElementTree.Element, name: str, **attributes: str) -> ElementTree.Element:
    plain = {key: _NO_XML.sub("", clean(value)) for key, value in attributes.items()}
    return ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", plain)
