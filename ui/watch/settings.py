"""The settings of watching a server; where their values come from is `ui.settings`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from index.settings import Group


class WatchSettings(Group):
    metrics: Literal["off", "loopback", "token"] = "off"
    """Who may read /metrics: nobody; this machine, not by way of a proxy; or whoever bears `watch.token`."""
    token: SecretStr = SecretStr("")
    """What a reader of /metrics is let in by, as a bearer token; taken from the environment alone, never shown."""
    logs: Literal["text", "json"] = "text"
    """How the server's log lines are written, on standard error."""
    level: Literal["debug", "info", "warning", "error"] = "warning"
    """From which weight on lines are written; `info` has one for each request and each question."""
    drain: float = Field(20.0, ge=0, le=3600)
    """The seconds that answers under way have to end once the server is told to stop (SIGTERM)."""
