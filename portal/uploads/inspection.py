"""What a file really is, and whether it may go on. Runs in a process of its own and imports nothing of ours.

A hostile file can make a decoder eat all memory, loop or crash; here it takes down only this process,
which may not use more memory or time than `_MEMORY` and `_SECONDS` say. The file comes on standard
input. On standard output comes one line of JSON: `{"type": …, "pages": …}`, or `{"refusal": …}` with a name
of `portal.uploads.check.Reason`; and after it one line for each of the first pages that can be drawn.
Asked to `draw` a page, the line is followed by its picture, made anew.
"""

import contextlib
import io
import json
import re
import resource
import sys
import time
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
# A sheet of A4 at 170 dpi: small print can be read.
_LONGEST_SIDE = 2000
# So many pages are shown, those only that take no longer than this, all together in this.
_MOST_DRAWN = 5
_SECONDS_A_PAGE = 1.5
_SECONDS_TO_DRAW = 4

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


def inspect(content: bytes) -> tuple[str, int]:
    """The content type of a file that may go on, and how many pages it has. Raise Refused."""
    if not content.strip(_SPACE):
        raise Refused("empty")
    kind = next((kind for start, kind in _BEGINNINGS.items() if content.startswith(start)), None)
    if kind is None:
        raise Refused("wrong_type")
    pages = 1
    if kind == PDF:
        pages = _inspect_pdf(content)
    else:
        _inspect_image(content, kind)
    if _is_archive(content):
        raise Refused("tail")
    return kind, pages


def draw(content: bytes, number: int) -> bytes:
    """A page, drawn anew as JPEG and large enough to be read: nothing else of the file is in it."""
    drawn = io.BytesIO()
    (_draw_page(content, number) if content.startswith(b"%PDF-") else _draw_image(content)).save(
        drawn, "JPEG", quality=85
    )
    return drawn.getvalue()


def _draw_page(content: bytes, number: int) -> Any:
    import pypdfium2

    pdf = pypdfium2.PdfDocument(content)
    pdf.init_forms()  # else what was typed into a form is not drawn; this PDFium runs no scripts
    page = pdf[number - 1]
    return page.render(scale=_LONGEST_SIDE / max(page.get_size())).to_pil().convert("RGB")


def _draw_image(content: bytes) -> Any:
    """The picture, upright."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as image:
        image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
        image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        upright = ImageOps.exif_transpose(image)
        flat = Image.new("RGB", upright.size, "white")
        flat.paste(
            upright.convert("RGB"), mask=upright.getchannel("A") if "A" in upright.getbands() else None
        )
        return flat


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


def _inspect_pdf(content: bytes) -> int:
    """How many pages it has."""
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
            return len(pdf.pages)
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
    """Take no more memory and time than a file may cost; where the system cannot, patience ends outside.

    It writes no file either, nor leaves its memory on the disk when it dies: that has the file in clear.
    """
    _limit(resource.RLIMIT_CPU, _SECONDS)
    _limit(resource.RLIMIT_AS, _MEMORY)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (most, most))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


def _try_to_draw(content: bytes, pages: int) -> None:
    """Name each of the first pages that can be drawn in time."""
    _limit(resource.RLIMIT_CPU, round(time.process_time()) + _SECONDS_TO_DRAW)
    for number in range(1, min(pages, _MOST_DRAWN) + 1):
        begun = time.process_time()
        try:
            draw(content, number)
        except Exception:  # whatever a library says of a file that it cannot draw
            return
        if time.process_time() - begun > _SECONDS_A_PAGE:
            return
        _say({"drawn": number})


def main() -> None:
    limit_itself()
    content = sys.stdin.buffer.read()
    try:
        if sys.argv[1:2] == ["draw"]:
            _limit(resource.RLIMIT_CPU, _SECONDS_TO_DRAW)
            picture = draw(content, int(sys.argv[2]))
            _say({"type": JPEG})
            sys.stdout.buffer.write(picture)
            return
        kind, pages = inspect(content)
    except Refused as refusal:
        _say({"refusal": str(refusal)})
    except (MemoryError, RecursionError):
        _say({"refusal": "too_complex"})
    else:
        # What the drawing dies of is no reason to refuse the file: that it may go on is said before.
        _say({"type": kind, "pages": pages})
        _try_to_draw(content, pages)


if __name__ == "__main__":
    main()
