"""What the chat page does, without the page.

Owns who looks at which conversation, and the order of things: ask, follow, stop, retry, edit, open. Every
method gives `View`s, the parts of the page that changed; it knows nothing of Gradio, so that all of it
can be driven from a test. Conversations live in the library's database and are read back for every view:
the page and the process may both be restarted. Scopes, the list of conversations and evidence have
modules of their own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import date

from assistant.conversation import Conversation, Conversations
from assistant.engine import Assistant
from assistant.schema import Event, Turn
from assistant.stopping import Stop
from assistant.understanding import merged
from index.errors import IbidError
from index.library import Library
from index.schema import Filters
from ui.chat import evidence_view, thread_view
from ui.chat.engines import Engines
from ui.chat.evidence import Evidence
from ui.chat.history import History
from ui.chat.indexing import Indexing
from ui.chat.offers import Offers
from ui.chat.run import Progress, Run
from ui.chat.runs import Runs
from ui.chat.scoping import Scoping, holdings
from ui.chat.services import Services
from ui.chat.view import Choices, Offered, View
from ui.library.adding import Adding
from ui.parts import frame_view, scope
from ui.parts.commands import Ask, CommandError, ListPapers, SetScope, StartNew, TellScope, parse
from ui.parts.reader import Reader
from ui.parts.render import scope_words
from ui.parts.scope import Panel

NEWEST = 4
LISTED = 20  # papers that /papers shows
_NOTHING_YET = "There is nothing to export yet: ask something first."
_GONE_ON = (
    "This conversation went on in another window. This is how it stands now: ask again if you still want to."
)


class Chat:
    """The chat page's doings over one library; one serves every browser of a reader."""

    def __init__(
        self, library: Library, assistant: Assistant, adding: Adding, reader: Reader = Reader()
    ) -> None:
        self.library = library
        self.reader = reader
        self.assistant = assistant
        self.conversations = Conversations(library)
        self.history = History(self.conversations)
        self.scoping = Scoping(library, self.conversations)
        evidence = Evidence(library, self.conversations)
        offers = Offers(library, assistant, self.conversations)
        self.engines = Engines(assistant)
        indexing = Indexing(library, adding)
        self.services = Services(library, self.history, evidence, offers, self.engines, indexing)
        self._runs = Runs()
        self._looking: dict[str, object] = {}  # what each browser tab looks at now, as a mark of the visit

    # Looking

    def enter(self, visitor: str, conversation: str) -> Iterator[View]:
        """Show a conversation, or the empty page where there is none of that id; follow what runs in it."""
        visit = self._arrive(visitor)
        found, run, progress = self._now(conversation)
        offered = {"offered": self.offered()}
        if found is None:
            yield self._blank().model_copy(update=offered)
            return
        yield self._whole(found, progress).model_copy(update=offered)
        if run is not None and not run.progress.over:
            yield from self._follow(visitor, visit, found.id, run)

    def new(self, visitor: str) -> View:
        """The empty page."""
        self._arrive(visitor)
        return self._blank()

    def refresh(self, conversation: str, panel: Panel) -> View:
        """What changes on the page when papers have come or gone."""
        found = self.find(conversation)
        changed = View(
            header=self.header(), offered=self.offered(), thread=None if found else self._welcome()
        )
        try:
            filters = self.scoping.read(found, panel)
        except ValueError:  # a date that is still being typed
            return changed
        return _joined(changed, self.scoping.shown(filters)).model_copy(update={"panel": None})

    def leave(self, visitor: str) -> None:
        """Nobody looks any more."""
        self._looking.pop(visitor, None)
        self.engines.leave(visitor)

    @property
    def busy(self) -> bool:
        """Whether somebody looks, or a question is being answered."""
        return bool(self._looking) or self._runs.busy

    def find(self, conversation: str) -> Conversation | None:
        """The conversation of that id, where there is one."""
        if not conversation:
            return None
        try:
            return self.conversations.open(conversation)
        except IbidError:  # a link to a conversation deleted since is no reason to fail
            return None

    def remove(self, visitor: str, current: str, conversation: str) -> View:
        """Take a conversation away; the page turns blank where it was the one shown."""
        self._runs.stop(conversation)
        if self.find(conversation) is None:
            return View(history=self.history.listed(current))
        said = self.history.remove(conversation)
        shown = self.new(visitor) if current == conversation else View(history=self.history.listed(current))
        return shown.model_copy(update={"notice": said.notice})

    # Asking

    def say(self, visitor: str, conversation: str, text: str, panel: Panel) -> Iterator[View]:
        """Do what was typed: a command, or a question to answer."""
        try:
            command = parse(text, self.assistant.today or date.today(), holdings(self.library))
        except CommandError as error:
            yield View(notice=frame_view.notice(str(error)))
            return
        if isinstance(command, Ask):
            yield from self.ask(visitor, conversation, command.question, panel)
        elif isinstance(command, StartNew):
            yield self.new(visitor).model_copy(update={"box": ""})
        elif isinstance(command, SetScope):
            yield self.scoping.replace(self.find(conversation), command.filters).model_copy(
                update={"box": ""}
            )
        elif isinstance(command, TellScope):
            yield View(notice=frame_view.notice(self.scoping.told(self.find(conversation), panel)), box="")
        elif isinstance(command, ListPapers):
            yield View(live=self._listing(command), box="")
        else:
            there = self.find(conversation)
            said = frame_view.exporting(command.form) if there else frame_view.notice(_NOTHING_YET)
            yield View(notice=said, box="")

    def ask(self, visitor: str, conversation: str, question: str, panel: Panel) -> Iterator[View]:
        """Answer a question in the conversation, or in a new one; a blank question changes nothing."""
        question = question.strip()
        found = self.find(conversation)
        try:
            filters = self.scoping.read(found, panel)
        except ValueError as error:
            yield View(bar=frame_view.scope_bar_trouble(str(error)), sendable=False)
            return
        if not question or not self.library.count(filters):
            yield self.scoping.shown(filters)
            return
        visit = self._arrive(visitor)
        if found is None:
            found = self.conversations.create(filters)
        run = self._start(visitor, found, question, filters, len(found.turns))
        box = "" if run.progress.question == question else question
        yield self._begun(found, run.progress).model_copy(update={"box": box})
        yield from self._follow(visitor, visit, found.id, run)

    def retry(self, visitor: str, conversation: str, seen: int) -> Iterator[View]:
        """Ask the last question again, or the one that failed; the old answer goes when the new is there.

        `seen` is the number of turns that the page shows: where there are more by now, they are shown first.
        """
        found, _, failed = self._now(conversation)
        if found is None or not (found.turns or failed):
            return
        if _gone_on(found, failed, seen):
            yield self._as_it_stands(found, failed)
            return
        number = failed.number if failed else len(found.turns)
        question = failed.question if failed else found.turns[-1].question
        yield from self._again(visitor, found, number, question)

    def edit(self, visitor: str, conversation: str, number: int, question: str, seen: int) -> Iterator[View]:
        """Ask turn `number` as another question; that turn and those after it go when the answer is there.

        `seen` is as for `retry`: no turn goes that the reader has not seen.
        """
        found, _, progress = self._now(conversation)
        if found is None or not question.strip():
            return
        if _gone_on(found, progress, seen):
            yield self._as_it_stands(found, progress).model_copy(update={"box": question})
        elif 1 <= number <= len(found.turns):
            yield from self._again(visitor, found, number, question.strip(), typed=question)

    def unstate(self, visitor: str, conversation: str, part: str) -> Iterator[View]:
        """Ask the last question again without one part of the scope that it states itself."""
        found = self.find(conversation)
        if found is None or not found.turns:
            return
        stated = self.assistant.stated(found.turns[-1].answer.standalone)
        kept = merged(found.scope, scope.without(stated.filters, part)) or found.scope
        yield from self._again(visitor, found, len(found.turns), stated.rest, kept)

    def stop(self, conversation: str) -> None:
        """End the answer being written; who follows it shows what was kept."""
        self._runs.stop(conversation)

    # Parts of the page

    def header(self, chosen: str = "") -> str:
        engines = [(engine.name, engine.label) for engine in self.engines.at_hand()]
        return frame_view.header(
            chosen or self.assistant.engine, self.library.count(), "Chat", engines, chosen, self.reader
        )

    def choose_engine(self, visitor: str, name: str) -> View:
        """From now on this answers the visitor's questions; where it cannot be had, what did before."""
        try:
            self.engines.choose(visitor, name)
        except IbidError as error:
            return View(
                header=self.header(self.engines.of(visitor).engine), notice=frame_view.notice(str(error))
            )
        return View(header=self.header(name))

    def offered(self) -> Offered:
        """What the filter panel lets choose from, most papers first."""
        facts = self.library.facts()
        return Offered(
            organizations=_labelled(facts.organizations),
            sources=_labelled(facts.sources),
            tags=_labelled(facts.tags),
        )

    def _blank(self) -> View:
        shown = View(
            conversation="",
            thread=self._welcome(),
            live="",
            evidence=evidence_view.EMPTY,
            history=self.history.listed(""),
            status="",
            header=self.header(),
            notice="",
            busy=False,
        )
        return _joined(shown, self.scoping.shown(Filters()))

    def _listing(self, command: ListPapers) -> str:
        every = self.library.papers(command.filters, command.words, limit=LISTED + 1)
        return thread_view.listing(
            command.words, scope_words(command.filters), every[:LISTED], len(every) > LISTED
        )

    def _welcome(self) -> str:
        """The page before the first question."""
        facts = self.library.facts()
        return thread_view.empty(facts, self.library.papers(limit=NEWEST) if facts.papers else [])

    def _now(self, conversation: str) -> tuple[Conversation | None, Run | None, Progress | None]:
        """A conversation, the question in it that is not kept yet, and how far that is.

        In this order it is looked at, so that a turn kept meanwhile is missing from neither.
        """
        run = self._runs.latest(conversation)
        progress = run.progress if run else None
        return self.find(conversation), run, progress

    def _as_it_stands(self, conversation: Conversation, progress: Progress | None) -> View:
        return self._whole(conversation, progress).model_copy(update={"notice": frame_view.notice(_GONE_ON)})

    def _begun(self, conversation: Conversation, progress: Progress) -> View:
        """A question that was sent just now: after turns before it all else stands on the page already.

        What is not sent need not be painted: after a hundred turns that is most of the wait.
        """
        if not conversation.turns:
            return self._whole(conversation, progress)
        live, status = thread_view.live(progress), thread_view.status(progress)
        return View(conversation=conversation.id, live=live, status=status, notice="", busy=not progress.over)

    def _whole(self, conversation: Conversation, progress: Progress | None) -> View:
        turns = _finished(conversation, progress)
        shown = View(
            conversation=conversation.id,
            thread=thread_view.thread(turns) if turns or progress else self._welcome(),
            live=thread_view.live(progress) if progress else "",
            evidence=_evidence(turns),
            history=self.history.listed(conversation.id),
            status="",
            header=self.header(),
            notice="",
            busy=progress is not None and not progress.over,
        )
        return _joined(shown, self.scoping.shown(conversation.scope))

    def _follow(self, visitor: str, visit: object, conversation: str, run: Run) -> Iterator[View]:
        """What a run writes, and whatever is asked in the conversation next, until nothing is under way."""
        while (yield from self._writing(visitor, visit, run)):
            ended = run.progress
            found, following, progress = self._now(conversation)
            if found is None:
                return
            changed = {"status": thread_view.status(ended), "panel": None, "bar": None, "notice": None}
            if ended.stage == "failed":
                changed["box"] = ended.question
            yield self._whole(found, progress).model_copy(update=changed)
            if following is None or following is run:
                return
            run = following

    def _writing(self, visitor: str, visit: object, run: Run) -> Generator[View, None, bool]:
        """A run as it comes along; whether the visitor stayed to its end."""
        searched, painted = False, -1
        for progress in run.follow():
            if self._looking.get(visitor) is not visit:
                return False
            if progress.over:
                break
            if progress.version == painted:
                continue
            painted = progress.version
            view = View(live=thread_view.live(progress), status=thread_view.status(progress))
            if progress.passages and not searched:
                searched = True
                evidence = evidence_view.searching(progress.number, progress.passages)
                view = view.model_copy(update={"evidence": evidence})
            yield view
        return True

    # Runs

    def _again(
        self,
        visitor: str,
        found: Conversation,
        number: int,
        question: str,
        filters: Filters | None = None,
        typed: str = "",
    ) -> Iterator[View]:
        visit = self._arrive(visitor)
        run = self._start(visitor, found, question, found.scope if filters is None else filters, number - 1)
        box = "" if run.progress.question == question else typed
        yield self._whole(found, run.progress).model_copy(update={"box": box})
        yield from self._follow(visitor, visit, found.id, run)

    def _start(
        self, visitor: str, conversation: Conversation, question: str, filters: Filters, position: int
    ) -> Run:
        """A new run for the turn at `position`, from 0, in place of that turn and those after it."""
        turns = conversation.turns[:position]
        progress = Progress(question=question, number=position + 1, papers=self.library.count(filters))

        assistant = self.engines.of(visitor)

        def begin(stop: Stop) -> Iterator[Event]:
            return assistant.stream(question, turns, filters, stop)

        def keep(turn: Turn) -> None:
            if position < len(conversation.turns):
                self.conversations.replace_from(conversation.id, position, turn)
            else:
                self.conversations.append(conversation.id, turn)

        return self._runs.start(conversation.id, lambda: Run(progress, filters, begin, keep))

    def _arrive(self, visitor: str) -> object:
        visit = self._looking[visitor] = object()
        return visit


def _gone_on(conversation: Conversation, progress: Progress | None, seen: int) -> bool:
    """Whether a page that shows so many turns is behind; what is under way brings it up to date by itself."""
    return (progress is None or progress.over) and len(conversation.turns) != seen


def _finished(conversation: Conversation, progress: Progress | None) -> tuple[Turn, ...]:
    """The stored turns, without those that a question under way is to replace."""
    if progress is None or progress.over:
        return conversation.turns
    return conversation.turns[: progress.number - 1]


def _evidence(turns: tuple[Turn, ...]) -> str:
    """What the last turn stands on; the page asks for the others as they are opened."""
    return evidence_view.evidence(len(turns), turns[-1].answer, len(turns)) if turns else evidence_view.EMPTY


def _joined(view: View, more: View) -> View:
    """The first view with what the second one changes."""
    return view.model_copy(update={name: getattr(more, name) for name in more.model_fields_set})


def _labelled(counts: Sequence[tuple[str, int]]) -> Choices:
    return tuple((f"{name} ({papers})", name) for name, papers in counts)
