"""Files as people upload them, and as nobody should."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pikepdf
from PIL import Image


def jpeg(width: int = 60, height: int = 40) -> bytes:
    return _picture("JPEG", width, height)


def png(width: int = 60, height: int = 40) -> bytes:
    return _picture("PNG", width, height)


def gif() -> bytes:
    return _picture("GIF", 6, 4)


def _picture(kind: str, width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 50).convert("RGB").save(file, kind)
    return file.getvalue()


def pdf(pages: int = 2, **saving: Any) -> bytes:
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page()
        return _saved(document, **saving)


def bill_pdf(pages: int = 3) -> bytes:
    """Pages with a red bar at the top."""
    with pikepdf.new() as document:
        for _ in range(pages):
            page = document.add_blank_page(page_size=(595, 842))
            page.Contents = pikepdf.Stream(document, b"0.9 0 0 rg 40 780 500 40 re f")
        return _saved(document)


def pdf_with_filled_form() -> bytes:
    """What was typed into its only field is a red bar."""
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(200, 200))
        looks = pikepdf.Stream(document, b"0.9 0 0 rg 0 0 200 200 re f")
        looks.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=pikepdf.Array([0, 0, 200, 200])
        )
        field = document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, F=4,
                T=pikepdf.String("name"), V=pikepdf.String("Jane"), Rect=pikepdf.Array([0, 0, 200, 200]),
                AP=pikepdf.Dictionary(N=looks),
            )
        )  # fmt: skip
        page.Annots = pikepdf.Array([field])
        document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        return _saved(document)


def pdf_of_size(width: float, height: float) -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page()
        document.pages[0].MediaBox = pikepdf.Array([0, 0, width, height])
        return _saved(document)


def pdf_that_is_never_drawn() -> bytes:
    """Ten forms, each of which draws the next one twenty times."""
    with pikepdf.new() as document:
        document.add_blank_page()
        inner = None
        for _ in range(10):
            form = pikepdf.Stream(document, b"0 0 9 9 re f" if inner is None else b"/F Do " * 20)
            form.Type, form.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
            form.BBox = pikepdf.Array([0, 0, 600, 800])
            if inner is not None:
                form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=inner))
            inner = document.make_indirect(form)
        page = document.pages[0]
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=inner))
        page.Contents = pikepdf.Stream(document, b"/F Do")
        return _saved(document)


def encrypted_pdf(user: str = "secret") -> bytes:
    return pdf(encryption=pikepdf.Encryption(owner="owner", user=user))


def pdf_with_script() -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page()
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        document.Root.OpenAction = document.make_indirect(action)
        return _saved(document)


def pdf_that_launches() -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page()
        action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe"))
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([0, 0, 9, 9]), A=action
        )
        document.pages[0].Annots = pikepdf.Array([link])
        return _saved(document)


def pdf_with_attachment() -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page()
        document.attachments["notes.txt"] = b"hello"
        return _saved(document)


def pdf_page_bomb(size: int = 200_000_000) -> bytes:
    """A small file whose page unpacks to very much."""
    with pikepdf.new() as document:
        document.add_blank_page()
        stream = pikepdf.Stream(document, zlib.compress(b" " * size, 9))
        stream.Filter = pikepdf.Name.FlateDecode
        document.pages[0].Contents = stream
        return _saved(document, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def pdf_object_bomb(size: int) -> bytes:
    """One whose catalogue lies in an object stream of that size."""
    packed = zlib.compress(b"1 0 " + b" " * size + b"<</Type/Catalog/Pages 2 0 R>>", 9)
    file = io.BytesIO()
    file.write(b"%PDF-1.5\n")
    places = {}
    for number, body in {
        3: b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%b\nendstream"
        % (len(packed), packed),
        2: b"<</Type/Pages/Kids[5 0 R]/Count 1>>",
        5: b"<</Type/Page/Parent 2 0 R/Resources<<>>/MediaBox[0 0 9 9]>>",
    }.items():
        places[number] = file.tell()
        file.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    places[4] = file.tell()
    rows = [(0, 0, 65535), (2, 3, 0), *((1, places[number], 0) for number in (2, 3, 4, 5))]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    file.write(b"4 0 obj\n<</Type/XRef/Size 6/W[1 4 2]/Root 1 0 R/Length %d>>stream\n" % len(table))
    file.write(table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % places[4])
    return file.getvalue()


def png_bomb(side: int = 30_000) -> bytes:
    packed = zlib.compress(b"\0" * (side // 8 + 1) * side, 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("a.txt", "hello")
    return file.getvalue()


def padded(content: bytes, size: int) -> bytes:
    """The same picture or PDF, exactly that large."""
    if content.startswith(b"%PDF-"):
        # What lies before the first object is a comment; the offsets are mended by writing anew.
        return _padded_pdf(size)
    end = content.rindex(b"IEND") - 4
    return content[:end] + _chunk(b"teSt", b"\0" * (size - len(content) - 12)) + content[end:]


def _padded_pdf(size: int) -> bytes:
    plain = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.none}

    def made(length: int) -> bytes:
        with pikepdf.new() as document:
            document.add_blank_page()
            document.pages[0].Contents = pikepdf.Stream(document, b"%" + b"x" * length)
            return _saved(document, deterministic_id=True, **plain)

    length = size - len(made(size - 1000)) + size - 1000
    return made(length)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _saved(document: pikepdf.Pdf, **saving: Any) -> bytes:
    file = io.BytesIO()
    document.save(file, **saving)
    return file.getvalue()
