from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Login:
    """Whose resources to reach, and with which user name and password. Never printed with its password."""

    account_sid: str
    username: str
    password: str = field(repr=False)
