"""What a server counts, in Prometheus' terms, and the functions by which others say what happened.

Owns the names and that there are few: every label's values are a closed set, so that no name of a user, title
or question can become one, and a hostile client cannot make a scrape grow. A process has one registry, of its
own and not the package's, and each replica is scraped by itself. Refuses to know who may read it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from index.outcomes import AddReport

Outcome = Literal["answered", "refused", "asked back", "stopped", "failed"]
Refusal = Literal["password", "locked", "provider"]

REGISTRY = CollectorRegistry()
ENGINES = ("extractive", "openai", "anthropic", "gemini", "ollama", "openai-compatible", "other")
ROUTES = (
    *("page", "asset", "event", "stream", "upload", "file", "model api", "mcp", "digest", "sign-in"),
    *("watch", "other"),
)
DATABASE_FAULTS = ("connection", "integrity", "other")

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

ProcessCollector(registry=REGISTRY)

questions = Counter(
    "ibid_questions", "Questions by what became of them and by what answers.", ("outcome", "engine"),
    registry=REGISTRY,
)  # fmt: skip
running = Gauge("ibid_questions_running", "Questions being answered now.", registry=REGISTRY)
_answering: set[object] = set()
running.set_function(lambda: len(_answering))
retrieve_seconds = Histogram(
    "ibid_retrieve_seconds", "From a question to the passages found for it.", buckets=_SECONDS,
    registry=REGISTRY,
)  # fmt: skip
answer_seconds = Histogram(
    "ibid_answer_seconds", "From a question to the end of its answer.", buckets=_SECONDS, registry=REGISTRY
)
first_text_seconds = Histogram(
    "ibid_first_text_seconds", "From a question to the first words of its answer.", buckets=_SECONDS,
    registry=REGISTRY,
)  # fmt: skip
added_papers = Counter("ibid_added_papers", "Papers that additions brought in.", registry=REGISTRY)
added_sources = Counter(
    "ibid_additions", "Additions by whether papers came of them.", ("outcome",), registry=REGISTRY
)
unreadable = Counter(
    "ibid_added_unreadable", "Entries and files that additions could not read.", registry=REGISTRY
)
requests = Counter(
    "ibid_http_requests", "Requests by what kind of route they were for and by the class of the status.",
    ("route", "status"), registry=REGISTRY,
)  # fmt: skip
request_seconds = Histogram(
    "ibid_http_request_seconds", "From a request to the end of its answer; streams last as they are followed.",
    ("route",), buckets=_SECONDS, registry=REGISTRY,
)  # fmt: skip
upload_bytes = Counter("ibid_upload_bytes", "Bytes that came as uploads.", registry=REGISTRY)
database_errors = Counter(
    "ibid_database_errors", "Errors of the catalog's database, by kind.", ("kind",), registry=REGISTRY
)
sign_in_failures = Counter(
    "ibid_sign_in_failures", "Sign-ins that failed, by reason.", ("reason",), registry=REGISTRY
)
log_messages = Counter("ibid_log_messages", "Log lines from warnings on.", ("level",), registry=REGISTRY)


def under_way() -> int:
    """How many questions are being answered now."""
    return len(_answering)


@contextmanager
def answering() -> Iterator[None]:
    """A question is being answered while the block runs."""
    question = object()
    _answering.add(question)
    try:
        yield
    finally:
        _answering.discard(question)


def question_ended(outcome: Outcome, engine: str, seconds: float) -> None:
    """A question came to its end; `engine` is what `Assistant.engine` names."""
    questions.labels(outcome, known(engine.partition(":")[0], ENGINES)).inc()
    answer_seconds.observe(seconds)


def added(report: AddReport) -> None:
    """Papers were added, or could not be read."""
    added_sources.labels("read" if report.papers else "failed").inc()
    added_papers.inc(len(report.added))
    unreadable.inc(len(report.failed))


def addition_failed() -> None:
    """An addition ended in an error."""
    added_sources.labels("failed").inc()


def sign_in_failed(reason: Refusal) -> None:
    """Somebody was not let in."""
    sign_in_failures.labels(reason).inc()


def database_failed(kind: str) -> None:
    """The catalog's database answered with an error."""
    database_errors.labels(known(kind, DATABASE_FAULTS)).inc()


def request_ended(route: str, status: int, seconds: float) -> None:
    """A request was answered, or its client left."""
    route = known(route, ROUTES)
    requests.labels(route, f"{status // 100}xx" if 100 <= status < 600 else "none").inc()
    request_seconds.labels(route).observe(seconds)


def known(value: str, values: Collection[str]) -> str:
    """The value where it is one of a closed set, else `other`."""
    return value if value in values else "other"
