from typing import Any

from django.conf import settings
from django.core.checks import Info, Tags, register


@register(Tags.security, deploy=True)
def files_are_scanned(**kwargs: Any) -> list[Info]:
    """Say to whoever deploys that nobody looks for viruses; it is a choice, so not a warning."""
    if settings.CLAMD is not None:
        return []
    hint = "Run ClamAV's clamd and name its socket in CLAMD_URL."
    return [Info("Uploaded files are not scanned for viruses.", hint=hint, id="portal.I001")]
