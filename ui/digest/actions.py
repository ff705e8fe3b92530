"""What the digest page does, without the page; the command and the feed's route do it too.

Owns what each address of the page shows and what each click there does. Knows nothing of Gradio. Saved
questions are asked anew here, after the papers, for that may take a while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from assistant.digest import Wish, digest, first_day
from assistant.engine import Assistant
from assistant.saved_questions import SavedQuestions
from index.errors import IbidError
from index.library import Library
from index.schema import Filters, Value
from ui.digest import digest_view
from ui.digest.address import read
from ui.digest.atom import MEDIA_TYPE, as_atom
from ui.digest.forms import FORMS, Edition, summary
from ui.parts import frame_view
from ui.parts.exports import Export
from ui.parts.markup import escape
from ui.parts.reader import Reader


class View(Value):
    """Parts of the page as they should be now; None leaves a part as it is."""

    header: str | None = None
    controls: str | None = None
    main: str | None = None
    questions: str | None = None
    notice: str | None = None
    status: str | None = None


class NoPeriod(IbidError):
    """What was written for a period is none."""


class Digests:
    """The digests of one library; one serves every browser."""

    def __init__(
        self,
        library: Library,
        assistant: Assistant,
        today: Callable[[], date] = date.today,
        reader: Reader = Reader(),
    ) -> None:
        self.library = library
        self.reader = reader
        self.assistant = assistant
        self.saved = SavedQuestions(assistant)
        self.today = today

    def edition(self, wish: Wish, questions: bool = False, home: str = "") -> Edition:
        """What is new, and what has become of the saved questions where that is asked.

        NoPeriod where the wish's period cannot be read.
        """
        today = self.today()
        try:
            found = digest(self.library, wish, today)
        except ValueError as error:
            raise NoPeriod(str(error)) from error
        outcomes = tuple(self.saved.outcomes(first_day(wish.since, today))) if questions else None
        return Edition(digest=found, questions=outcomes, home=home)

    def written(self, query: str, form: str, home: str) -> Export:
        """The digest at an address in another form, fetched from the server at `home`."""
        wish = read(query)
        edition = self.edition(wish, questions=True, home=home)
        return write(edition, form, f"{home}digest.{form}?{query}".removesuffix("?"))

    # The page

    def enter(self, query: str) -> Iterator[View]:
        """The whole page at an address."""
        yield View(header=self.header(), controls=digest_view.controls(self.library.facts()))
        yield from self.show(query)

    def header(self) -> str:
        return frame_view.header(self.assistant.engine, self.library.count(), "Digest", reader=self.reader)

    def show(self, query: str) -> Iterator[View]:
        """What the address with this query string shows: the papers, then the saved questions."""
        wish = read(query)
        try:
            edition = self.edition(wish)
        except NoPeriod as error:
            yield View(main=digest_view.trouble(str(error)), status=escape(str(error)))
            return
        whole = self.library.count()
        yield View(main=digest_view.papers(edition, whole), status=escape(f"{summary(edition.digest)}."))
        yield self._questions(wish)

    def save(self, query: str, question: str) -> Iterator[View]:
        """Save a question, held to the organisations of the address."""
        wish = read(query)
        try:
            saved = self.saved.save(question, Filters(organizations=wish.organizations))
        except ValueError as error:
            yield View(notice=digest_view.told(str(error)))
            return
        words = f"“{saved.question}” is saved; it is asked again whenever papers come."
        yield View(notice=digest_view.told(words))
        yield self._questions(wish)

    def forget(self, query: str, question_id: str) -> Iterator[View]:
        """Forget a saved question."""
        gone = self.saved.forget(question_id)
        yield View(notice=digest_view.told(f"“{gone.question}” is no longer asked."))
        yield self._questions(read(query))

    def _questions(self, wish: Wish) -> View:
        try:
            since = first_day(wish.since, self.today())
        except ValueError:  # told where the papers stand
            since = self.today()
        outcomes = self.saved.outcomes(since)
        return View(questions=digest_view.questions(tuple(outcomes), wish))


def write(edition: Edition, form: str, address: str = "") -> Export:
    """The edition as a file in one of `FORMS`, or as `atom`."""
    if form == "atom":
        return Export(name="digest.atom", media_type=MEDIA_TYPE, text=as_atom(edition, address))
    media_type, writer = FORMS[form]
    return Export(name=f"digest.{form}", media_type=media_type, text=writer(edition))
