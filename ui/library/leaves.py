"""Pages of papers' files as pictures, beside the page of the application: what a citation is checked against.

Owns the routes, what a browser may keep, and that a stranger's file is never opened in a reader's browser: the file
itself is only given to be saved. Where words stand and how a page is drawn is the library's to know.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from index.errors import IbidError, NotAllowed, PaperNotFound, ReadError
from index.layout import Box, PageSize
from index.library import Library
from index.schema import Value

SCALES = (1, 2, 3, 4)  # pixels a point
_KEPT = "private, max-age=31536000, immutable"
_OURS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
_INERT = {"Content-Security-Policy": "sandbox; default-src 'none'"}

Answer = Callable[[Request], Response]


class Frame(Value):
    """A box on a page, in percent of the page's width and height."""

    page: int
    left: float
    top: float
    width: float
    height: float


class Leaves(Value):
    """The pages of a paper: width to height of each, what to box on them, and the words that are boxed.

    `version` goes into a picture's address, so that it may be kept; `original` says whether the file can be saved.
    """

    title: str
    pages: tuple[float, ...]
    frames: tuple[Frame, ...]
    words: str
    version: str
    original: bool


def routes(library_of: Callable[[Request], Library]) -> list[BaseRoute]:
    """`/papers/{paper}/pages.json`, `/papers/{paper}/pages/{page}.png` and `/papers/{paper}/file`.

    `library_of` tells whose library a request is for.
    """
    answers: dict[str, Answer] = {
        "/papers/{paper}/pages.json": lambda request: _told(library_of(request), request),
        "/papers/{paper}/pages/{page:int}.png": lambda request: _drawn(library_of(request), request),
        "/papers/{paper}/file": lambda request: _file(library_of(request), request),
    }
    return [Route(path, _guarded(answer), methods=["GET"]) for path, answer in answers.items()]


def leaves(library: Library, paper_id: str, start: int, end: int) -> Leaves:
    """The pages of a paper with `[start, end)` of its text boxed. PaperNotFound."""
    document, layout = library.document(paper_id), library.leaves.layout(paper_id)
    return Leaves(
        title=document.paper.title,
        pages=tuple(round(size.width / size.height, 4) for size in layout.sizes),
        frames=tuple(_frame(box, layout.sizes[box.page - 1]) for box in layout.boxes(start, end)),
        words=" ".join(document.text[start:end].split()),
        version=document.file[:16],
        original=_kept(library, paper_id),
    )


def _frame(box: Box, size: PageSize) -> Frame:
    def across(length: float) -> float:
        return round(100 * length / size.width, 3)

    def down(length: float) -> float:
        return round(100 * length / size.height, 3)

    return Frame(
        page=box.page,
        left=across(box.left),
        top=down(box.top),
        width=across(box.right - box.left),
        height=down(box.bottom - box.top),
    )


def _kept(library: Library, paper_id: str) -> bool:
    try:
        return library.leaves.file(paper_id).is_file()
    except PaperNotFound:
        return False


def _guarded(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """The answer made on a thread; what went wrong is told in words."""

    async def respond(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, request)
        except PaperNotFound as error:
            return PlainTextResponse(f"{error}\n", status_code=404, headers=_OURS)
        except NotAllowed as error:
            return PlainTextResponse(f"{error}\n", status_code=403, headers=_OURS)
        except ReadError as error:
            return PlainTextResponse(f"{error}\n", status_code=422, headers=_OURS)
        except IbidError as error:
            return PlainTextResponse(f"{error}\n", status_code=503, headers=_OURS)

    return respond


def _told(library: Library, request: Request) -> Response:
    start, end = (_number(request, name, 0) for name in ("start", "end"))
    if start is None or end is None:
        return _refused("start and end are characters of the text, as in ?start=120&end=180")
    found = leaves(library, request.path_params["paper"], start, end)
    return JSONResponse(found.model_dump(mode="json"), headers=_OURS | {"Cache-Control": "no-cache"})


def _drawn(library: Library, request: Request) -> Response:
    paper, page, scale = (
        request.path_params["paper"],
        request.path_params["page"],
        _number(request, "scale", 2),
    )
    if scale not in SCALES:
        return _refused(f"scale is one of {', '.join(map(str, SCALES))}")
    digest, pages = library.leaves.file(paper).name, len(library.leaves.sizes(paper))
    if not 1 <= page <= pages:
        raise PaperNotFound(f"The paper has {pages} pages, and none of the number {page}.")
    named = request.query_params.get("of", "") == digest[:16]
    headers = _OURS | {
        "ETag": f'"{digest[:32]}-{page}-{scale}"',
        "Cache-Control": _KEPT if named else "no-cache",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(
        library.leaves.picture(paper, page, scale), media_type="image/png", headers=headers | _INERT
    )


def _file(library: Library, request: Request) -> Response:
    """The file, to be saved and not to be shown: whatever it holds, it does not run here."""
    paper = library.document(request.path_params["paper"]).paper
    data = library.leaves.file(paper.id).read_bytes()
    kind, ending = (
        ("application/pdf", ".pdf") if b"%PDF-" in data[:1024] else ("application/octet-stream", "")
    )
    name = re.sub(r"[^A-Za-z0-9]+", "-", paper.title).strip("-")[:80] or "paper"
    disposition = {"Content-Disposition": f'attachment; filename="{name}{ending}"'}
    return Response(data, media_type=kind, headers=_OURS | _INERT | disposition)


def _number(request: Request, name: str, otherwise: int) -> int | None:
    """A number of the query; None where it is none."""
    given = request.query_params.get(name, str(otherwise))
    return int(given) if re.fullmatch(r"[0-9]{1,9}", given) else None


def _refused(words: str) -> Response:
    return PlainTextResponse(f"{words}\n", status_code=400, headers=_OURS)
