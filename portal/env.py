"""Read the environment, and fail loudly at start-up rather than quietly at midnight."""

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def env_bool(name: str, *, default: bool = False) -> bool:
    raw = os.environ.get(name)
    if raw is None:
        return default
    value = raw.strip().lower()
    if value in _TRUE | _FALSE:
        return value in _TRUE
    raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}.")


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    raw = os.environ.get(name)
    if raw is None:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from None
    if value < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {value}.")
    return value


def env_list(name: str, default: str = "") -> list[str]:
    """A comma-separated list; blanks are dropped."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def env_pairs(name: str) -> dict[str, str]:
    """A comma-separated list of secret `key=value` pairs, read as `env_secret` reads."""
    pairs = {}
    for part in env_secret(name, "").split(","):
        key, equals, value = part.strip().partition("=")
        if part.strip() and not (key and equals and value):
            raise ImproperlyConfigured(f"{name} must be a comma-separated list of id=secret.")
        if part.strip():
            pairs[key] = value
    return pairs


def env_socket(name: str) -> str | tuple[str, int] | None:
    """`unix:///path` as a path, `tcp://host:port` as host and port; None when it is not set."""
    text = env_str(name, "").strip()
    if not text:
        return None
    with suppress(ValueError):  # a host or a port that is none
        url = urlsplit(text)
        if url.scheme == "unix" and not url.netloc and url.path.startswith("/"):
            return url.path
        if url.scheme == "tcp" and url.hostname and url.port and url.path in ("", "/"):
            return url.hostname, url.port
    raise ImproperlyConfigured(f"{name} must be tcp://host:port or unix:///path.")


def env_secret(name: str, default: str | None = None) -> str:
    """`NAME`, or the contents of the file that `NAME_FILE` points at (Docker and systemd secrets)."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error
    return env_str(name, default)
