"""Which kind of answer a question asks for, from its words.

Refuses to look anything up: what a question names is counted by whoever asks (`papers`), and a kind that
then turns out to have nothing to work on is answered as a plain question.
"""

from __future__ import annotations

import re

from assistant.schema import Kind

_SMALLTALK = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?(?: you)?(?: very much| a lot)?|"
    r"bye|goodbye|who are you|what can you do|help)\W*(?:there|ibid)?\W*$",
    re.IGNORECASE,
)
_PAPERS = r"(?:papers?|articles?|works|studies|publications?)"
_LIST = re.compile(
    r"\b(?:which|what|any|list|show|find|name|give)\b(?: me)?(?: all)?(?: of)?(?: the)?(?: \w+){0,2}? "
    r"(?:papers|works|methods|approaches|studies|articles|benchmarks|datasets|(?<=reward )models)\b",
    re.IGNORECASE,
)
_VERIFY = re.compile(
    r"^\s*(?:/verify\b|(?:please )?(?:verify|fact-?check)\b(?: (?:that|whether|if|the claim(?: that)?))?"
    r"|check (?:that|whether|if|the claim(?: that)?)\b"
    r"|is it (?:true|correct|right)(?: to say)? that\b|(?:is it )?true or false\b)[\s:,]*",
    re.IGNORECASE,
)
_AGREE = re.compile(
    r"^\W*(?:do|does|did) (?:all |most |the |these |those |any )*(?:\w+ )?"
    r"(?:papers?|studies|works|authors|results|findings|they)(?: all)? (?:agree|disagree)"
    r"(?: on whether| that| about| on| whether)?\b[\s:,]*"
    r"|^\W*is there (?:an? )?(?:consensus|agreement|disagreement)(?: (?:among|between|across) (?:the |these )?\w+)?"
    r"(?: that| on whether| about| on)?\b[\s:,]*",
    re.IGNORECASE,
)
_COMPARE = re.compile(
    r"^\W*(?:/compare\b|(?:please |can you |could you )?(?:compare|contrast)\b)"
    r"|\b(?:differences?|comparison) between\b|\b(?:vs\.?|versus)(?=\s)"
    r"|\bhow (?:do|does|did|is|are)\b.*\b(?:differ|different|compare)\b",
    re.IGNORECASE,
)
_SUMMARIZE = re.compile(
    r"^\W*(?:/summari[sz]e\b|(?:please |can you |could you )?(?:summari[sz]e|sum up)\b|"
    r"(?:give me )?an? (?:short |brief )?(?:summary|overview) of\b|tl;?dr\b|tell me about\b|what is .{1,80} about\W*$)",
    re.IGNORECASE,
)
_MANY = r"(?:papers|articles|works|studies|publications)"
_COUNTED = re.compile(rf"\bhow many (?:of the )?{_MANY}\b|\bnumber of {_MANY}\b", re.IGNORECASE)
_ABOUT = re.compile(
    rf"\b{_MANY} (?:here |there |that |which |are |is |in (?:this|the|my|our) (?:library|collection) )*"
    r"(?:about|on|with|cit\w+|mention\w*|discuss\w*|us(?:e|es|ing)|compar\w+|extend\w*|build\w*|refer\w*|deal\w*)\b",
    re.IGNORECASE,
)
_SORTED = re.compile(
    rf"\b(?:(?:most recent|newest|latest|oldest|earliest)\b.*\b{_PAPERS}"
    rf"|{_PAPERS}\b.*\b(?:most recent|newest|latest|oldest|earliest)"
    rf"|most (?:discussed|commented(?: on)?|comments))\b",
    re.IGNORECASE,
)
_GROUPED = re.compile(
    rf"\b{_PAPERS} (?:per|by|in each|for each) (?:organi[sz]ation|lab|institution|company|year|month)s?\b"
    r"|\b(?:which|what) (?:organi[sz]ations?|labs?|institutions?|companies)\b.*"
    r"\b(?:most|papers|represented|here|library)\b",
    re.IGNORECASE,
)
_FACTS = re.compile(
    r"^\W*(?:when (?:was|were|is|did)\b.*\b(?:published|released|appear\w*|come out|from|written)"
    r"|who (?:wrote|authored|published|released|made|are the authors of|is the author of)\b"
    r"|(?:which|what) (?:organi[sz]ation|lab|institution|company|university)\b.*"
    r"\b(?:wrote|published|released|made|behind|from)"
    r"|how many (?:comments|authors)\b)",
    re.IGNORECASE,
)


def kind_of(question: str, papers: int = 0) -> Kind:
    """The kind of a question that stands alone and names `papers` papers of the library."""
    if _SMALLTALK.match(question) or not re.search(r"\w", question):
        return "smalltalk"
    if _VERIFY.match(question) or asks_agreement(question):
        return "verify"
    if counts_papers(question, papers) or _GROUPED.search(question) or _SORTED.search(question):
        return "metadata"
    if papers and _FACTS.search(question):
        return "metadata"
    if _COMPARE.search(question) and (papers > 1 or sides(question)):
        return "compare"
    if _SUMMARIZE.search(question) and papers:
        return "summarize"
    return "list" if _LIST.search(question) else "find"


def counts_papers(question: str, papers: int = 0) -> bool:
    """Whether a question asks how many papers the library has.

    One that names a paper asks for what that paper counts ("how many papers does S2ORC hold?"), unless it says what
    the papers are to have to do with it ("how many papers mention S2ORC?").
    """
    return _COUNTED.search(question) is not None and (not papers or _ABOUT.search(question) is not None)


def claim(question: str) -> str:
    """What a question of the kind "verify" wants checked."""
    stated = _AGREE if asks_agreement(question) else _VERIFY
    return stated.sub("", question).strip().rstrip("?").strip()


def asks_agreement(question: str) -> bool:
    """Whether a question asks if papers agree on a claim."""
    return _AGREE.match(question) is not None


def sides(question: str) -> tuple[str, ...]:
    """The things that an explicit comparison sets side by side, as they are spelled; else empty.

    >>> sides("Compare LoRA and full fine-tuning.")
    ('LoRA', 'full fine-tuning')
    """
    asked = re.search(
        r"(?:^\W*/?(?:please |can you |could you )?(?:compare|contrast)"
        r"|(?:differences?|comparison) between)\s+(.+?)[\s?.!]*$",
        question,
        re.IGNORECASE,
    )
    if asked:
        parts = re.split(r",\s*(?:and\s+)?|\s+(?:and|with|to|vs\.?|versus|against)\s+", asked.group(1))
    elif versus := re.match(r"\W*([^?]+?)\s+(?:vs\.?|versus)\s+([^?]+?)[\s?.!]*$", question, re.IGNORECASE):
        parts = list(versus.groups())
    else:
        return ()
    named = tuple(part.strip() for part in parts if part.strip())
    return named if len(named) > 1 else ()


def metadata_request(question: str) -> str:
    """What is asked of the catalog: "count", "newest", "oldest", "discussed", "group" or "facts"."""
    if _COUNTED.search(question):
        return "count"
    if _GROUPED.search(question):
        return "group"
    if re.search(r"\bmost (?:discussed|comment)", question, re.IGNORECASE):
        return "discussed"
    if re.search(r"\b(?:oldest|earliest)\b", question, re.IGNORECASE) and _SORTED.search(question):
        return "oldest"
    return "facts" if _FACTS.search(question) else "newest"
