"""What a file really is, and whether it may go on. Runs in a process of its own and imports nothing of ours.

A hostile file can make a decoder eat all memory, loop or crash; here it takes down only this process,
which may not use more memory or time than `_MEMORY` and `_SECONDS` say. The file comes on standard
input. On standard output comes one line of JSON: `{"type": …}`, or `{"refusal": …}` with a name of
`portal.uploads.check.Reason`. Asked for a `preview`, the line is followed by the picture, made anew.
"""

import contextlib
import io
import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

_MEMORY = 768 * 1024 * 1024
_SECONDS = 10
# A sheet of A3 at 600 dpi has 70 million; a telephone's picture 12 to 50.
_MOST_PIXELS = 70_000_000
# Of what is no picture: pages, fonts and tables.
_MOST_UNPACKED = 128 * 1024 * 1024
_MOST_OBJECTS = 200_000
_MOST_PAGES = 500
_PREVIEW_SIDE = 1600

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
_BEGINNINGS = {b"%PDF-": PDF, b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}
_SPACE = b"\0\t\n\f\r "

# What makes a PDF do something, or carries other files in it (ISO 32000-1, 12.6.4, 7.11.4, 13, 12.7.8).
_ACTIONS = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/Rendition", "/Movie", "/Sound",
    "/RichMediaExecute",
}  # fmt: skip
_KEYS = {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent"}
_ANNOTATIONS = {"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"}


class Refused(Exception):
    """The file may not go on; the argument is the reason's name."""


def inspect(content: bytes) -> str:
    """The content type of a file that may go on. Raise Refused."""
    if not content.strip(_SPACE):
        raise Refused("empty")
    kind = next((kind for start, kind in _BEGINNINGS.items() if content.startswith(start)), None)
    if kind is None:
        raise Refused("wrong_type")
    if kind == PDF:
        _inspect_pdf(content)
    else:
        _inspect_image(content, kind)
    if _is_archive(content):
        raise Refused("tail")
    return kind


def preview(content: bytes) -> bytes:
    """The picture drawn anew as JPEG, upright, as large as a screen: nothing else of the file is in it."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as image:
        image.draft("RGB", (_PREVIEW_SIDE, _PREVIEW_SIDE))
        image.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
        upright = ImageOps.exif_transpose(image)
        flat = Image.new("RGB", upright.size, "white")
        flat.paste(
            upright.convert("RGB"), mask=upright.getchannel("A") if "A" in upright.getbands() else None
        )
        drawn = io.BytesIO()
        flat.save(drawn, "JPEG", quality=85)
        return drawn.getvalue()


def _is_archive(content: bytes) -> bool:
    """Whether the same bytes are a ZIP file too: those are read from their end."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False


# Images


def _inspect_image(content: bytes, kind: str) -> None:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # judged here, exactly
    name = {JPEG: "JPEG", PNG: "PNG"}[kind]
    try:
        with Image.open(io.BytesIO(content), formats=[name]) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                raise Refused("too_complex")
            image.verify()
        with Image.open(io.BytesIO(content), formats=[name]) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, EOFError):
        raise Refused("damaged") from None
    end = _end_of_jpegs(content) if kind == JPEG else _end_of_png(content)
    if content[end:].strip(_SPACE):
        raise Refused("tail")


def _end_of_png(content: bytes) -> int:
    position = 8
    while position + 12 <= len(content):
        length, kind = int.from_bytes(content[position : position + 4]), content[position + 4 : position + 8]
        position += 12 + length
        if kind == b"IEND":
            return position
    raise Refused("damaged")


def _end_of_jpegs(content: bytes) -> int:
    """Where a JPEG ends, or the last of several: telephones append a depth or a brightness picture."""
    end = _end_of_jpeg(content, 0)
    while content.startswith(b"\xff\xd8\xff", end):
        end = _end_of_jpeg(content, end)
    return end


_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")


def _end_of_jpeg(content: bytes, start: int) -> int:
    """Walk its segments (ITU T.81, B.1.1) to the end of the image."""
    position = start + 2
    while found := _MARKER.search(content, position):
        if found[0][-1] == 0xD9:
            return found.end()
        position = found.end() + int.from_bytes(content[found.end() : found.end() + 2])
    raise Refused("damaged")


# PDF


def _inspect_pdf(content: bytes) -> None:
    import pikepdf

    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=_MOST_UNPACKED,
        png_max_memory=_MOST_UNPACKED,
        tiff_max_memory=_MOST_UNPACKED,
        run_length_max_memory=_MOST_UNPACKED,
        max_stream_filters=4,
        parser_max_nesting=100,
        doc_max_warnings=20,
    )
    if b"%%EOF" not in content:
        raise Refused("damaged")
    if content[content.rindex(b"%%EOF") + 5 :].strip(_SPACE):
        raise Refused("tail")
    try:
        with pikepdf.open(io.BytesIO(content), attempt_recovery=False) as pdf:
            if pdf.is_encrypted:
                raise Refused("encrypted")
            if not 0 < len(pdf.pages) <= _MOST_PAGES:
                raise Refused("too_complex" if pdf.pages else "damaged")
            _look_through(pdf)
            # Others are about small sins of whoever wrote it, which every viewer forgives.
            if any("damaged" in str(warning) for warning in pdf.get_warnings()):
                raise Refused("damaged")
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    except (
        pikepdf.PdfError,
        AttributeError,
        LookupError,
        RecursionError,
        RuntimeError,
        TypeError,
        ValueError,
    ):
        raise Refused("too_complex" if pikepdf.settings.qpdf_limit_errors() else "damaged") from None


def _look_through(pdf: Any) -> None:
    """Every object of the file, also those that no page leads to."""
    import pikepdf

    seen, left = 0, _MOST_UNPACKED
    for top in [pdf.trailer, *pdf.objects]:
        for value in _within(top):
            seen += 1
            if seen > _MOST_OBJECTS:
                raise Refused("too_complex")
            if not isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
                continue
            _refuse_active(value)
            if isinstance(value, pikepdf.Stream):
                left -= _unpacked_size(value, left)
    if pikepdf.settings.qpdf_limit_errors():
        raise Refused("too_complex")


def _within(top: Any) -> Iterator[Any]:
    """An object and what lies in it, but for what it refers to: that comes by itself."""
    import pikepdf

    todo = [top]
    while todo:
        value = todo.pop()
        yield value
        if isinstance(value, pikepdf.Array):
            inner = list(value)
        elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            inner = [value[key] for key in value.keys()]  # noqa: SIM118  # a Stream is not iterable
        else:
            continue
        todo += [item for item in inner if isinstance(item, pikepdf.Object) and not item.is_indirect]


def _refuse_active(value: Any) -> None:
    if _KEYS & set(value.keys()):
        raise Refused("active")
    if str(value.get("/S", "")) in _ACTIONS:
        raise Refused("active")
    if str(value.get("/Subtype", "")) in _ANNOTATIONS:
        raise Refused("active")


def _unpacked_size(stream: Any, most: int) -> int:
    """How much a stream unpacks to. Pictures are judged by their size, for viewers stop there."""
    import pikepdf

    if str(stream.get("/Subtype", "")) == "/Image":
        if abs(int(stream.get("/Width", 0)) * int(stream.get("/Height", 0))) > _MOST_PIXELS:
            raise Refused("too_complex")
        return 0
    filters = stream.get("/Filter", [])
    content = stream.read_raw_bytes()
    for name in [filters] if isinstance(filters, pikepdf.Name) else filters:
        if str(name) not in ("/FlateDecode", "/Fl"):
            break
        unpacker = zlib.decompressobj()
        try:
            content = unpacker.decompress(content, most + 1)
        except zlib.error:
            raise Refused("damaged") from None
        if len(content) > most:
            raise Refused("too_complex")
    return len(content)


def limit_itself() -> None:
    """Take no more memory and time than a file may cost; where the system cannot, patience ends outside."""
    for what, most in ((resource.RLIMIT_CPU, _SECONDS), (resource.RLIMIT_AS, _MEMORY)):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def main() -> None:
    limit_itself()
    content = sys.stdin.buffer.read()
    answer: dict[str, str]
    picture = b""
    try:
        if sys.argv[1:] == ["preview"]:
            answer, picture = {"type": JPEG}, preview(content)
        else:
            answer = {"type": inspect(content)}
    except Refused as refusal:
        answer = {"refusal": str(refusal)}
    except (MemoryError, RecursionError):
        answer = {"refusal": "too_complex"}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + picture)


if __name__ == "__main__":
    main()
