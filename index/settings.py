"""The settings the index takes; where their values come from is `ui.settings`."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class Group(BaseModel):
    """A frozen group of settings that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class StorageSettings(Group):
    """Where a library is kept; with nothing set, in its folder alone."""

    database: str = ""
    """The catalog's database as an SQLAlchemy URL, `postgresql+psycopg://ibid@host/ibid`; empty: SQLite."""
    password: SecretStr = SecretStr("")
    """The database's password; taken from the environment alone, never shown."""
    chroma: str = ""
    """The Chroma server's URL: `http://chroma:8000`; empty: Chroma runs embedded, in the library's folder."""
    chroma_token: SecretStr = SecretStr("")
    """What the Chroma server, or the proxy in front of it, lets us in by; taken from the environment alone."""
    namespace: str = Field("", pattern=r"^[a-z0-9_]{0,40}$")
    """What sets this library apart from others on the same servers: its schema there; empty: `public`."""

    @field_validator("database", "chroma")
    @classmethod
    def _without_password(cls, address: str) -> str:
        """An address is shown and logged; a password in it would be, too."""
        if "@" in address and ":" in address.partition("://")[2].rpartition("@")[0]:
            raise ValueError(
                "holds a password; set IBID_STORAGE__PASSWORD or IBID_STORAGE__CHROMA_TOKEN instead"
            )
        return address


class ReadingSettings(Group):
    memory: int = Field(1024, ge=256, le=65536)
    """The megabytes of memory that reading one file may take; each is read in a process of its own."""
    seconds: int = Field(60, ge=1, le=86400)
    """The seconds of processor time that reading one file may take."""
    output: int = Field(2048, ge=1, le=1048576)
    """The megabytes that one file may come to once it is read."""
    processes: int = Field(0, ge=0, le=64)
    """How many files are read at once; 0: as many as there are processors."""
    ocr: bool = False
    """Whether scans without a text layer are recognised by tesseract, where it is installed."""
    languages: str = Field("eng", pattern=r"[A-Za-z_/]+(\+[A-Za-z_/]+)*")
    """The languages that tesseract recognises, as it names them: `eng`, `deu+fra`."""


class ChunkingSettings(Group):
    tokens: int = Field(200, ge=20, le=8000)
    """The most cl100k tokens a chunk may have; it is also held to the embedder's own window."""
    overlap: int = Field(1, ge=0, le=5)
    """How many sentences consecutive chunks of a section share."""


class EmbeddingSettings(Group):
    model: str = "minilm:all-MiniLM-L6-v2"
    """The embedder as `provider:model`; providers are minilm, openai, ollama, fastembed, huggingface."""
    models: Path = user_data_path("ibid") / "models"
    """The folder where model files are kept, and looked for where their package is not installed."""
    tokens: bool = True
    """Whether token vectors are kept for late interaction, where the model tells them: about 19 kB an abstract."""


class RetrievalSettings(Group):
    candidates: int = Field(150, ge=1, le=1000)
    """How many chunks and papers each retriever proposes."""
    meaning: float = Field(1.0, ge=0)
    """The weight of likeness in meaning (cosine of vectors) when candidates are ranked."""
    words: float = Field(1.0, ge=0)
    """The weight of shared words (BM25) when candidates are ranked."""
    late: float = Field(0.85, ge=0)
    """The weight of late interaction (the best match of each word's vector) in the final ranking; 0 turns it off."""
    reranked: int = Field(40, ge=1, le=1000)
    """How many of the best papers late interaction looks at."""
    reranker: str = ""
    """A model that orders the best papers anew, as `provider:model`; providers are cohere, jina, sbert. Empty: none."""
    reread: int = Field(20, ge=2, le=1000)
    """How many of the best papers that model reads, each in its best passage."""


class OnlineSettings(Group):
    allow: bool = True
    """Whether `ibid add` fetches what is named by an arXiv id, a DOI or a web address."""
    programs: bool = False
    """Whether programs that use a running `ibid serve` may have that done, too."""
    contact: str = ""
    """An e-mail address that the servers asked are told, so that they can say when something is wrong."""
    pause: float = Field(3.0, ge=0)
    """The seconds between two requests to one host; arXiv asks for three."""
    arxiv: str = Field("https://export.arxiv.org", pattern=r"^https?://[^\s@]+$")
    """The server that is asked for arXiv's records and PDFs; a mirror may be of a private network."""
    doi: str = Field("https://doi.org", pattern=r"^https?://[^\s@]+$")
    """The server that is asked for DOIs."""


class IndexSettings(Group):
    """What `Library.open` takes."""

    storage: StorageSettings = StorageSettings()
    reading: ReadingSettings = ReadingSettings()
    chunking: ChunkingSettings = ChunkingSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    online: OnlineSettings = OnlineSettings()
