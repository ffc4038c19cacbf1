from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

# The largest that any form takes: a list of numbers. What lies beyond is counted and not kept.
MOST_BYTES = 20 * 1024 * 1024


class MemoryOnly(FileUploadHandler):
    """Holds an upload in memory up to a bound, and never writes it to a disk, where it would lie in clear.

    One beyond the bound arrives cut short, with the size that it had: its form refuses it by that.
    """

    chunk_size = 256 * 1024

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._kept = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._kept += raw_data[: MOST_BYTES + 1 - len(self._kept)]

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        return InMemoryUploadedFile(
            BytesIO(self._kept), self.field_name, self.file_name or "", self.content_type, file_size,
            self.charset, self.content_type_extra,
        )  # fmt: skip
