"""What a PDF made to last must hold, as far as its structure shows it. A validator of the whole standard needs Java."""

from io import BytesIO

from pypdf import PdfReader
from pypdf.generic import DictionaryObject


def faults(content: bytes) -> list[str]:
    """What PDF/A-2a, PDF/A-3a and PDF/UA-1 ask for and this file does not have; an empty list where nothing lacks."""
    reader = PdfReader(BytesIO(content))
    root = reader.trailer["/Root"]
    about = root["/Metadata"].get_data().decode() if "/Metadata" in root else ""
    found = {
        "says that it is PDF/A": "<pdfaid:part>" in about and "<pdfaid:conformance>A" in about,
        "says that it is PDF/UA": "<pdfuaid:part>1" in about,
        "is tagged": bool(root.get("/MarkInfo", {}).get("/Marked")) and "/StructTreeRoot" in root,
        "has its language": "/Lang" in root,
        "shows its title": bool(root.get("/ViewerPreferences", {}).get("/DisplayDocTitle")),
        "has an identifier": "/ID" in reader.trailer,
        "has its colours defined": "/OutputIntents" in root,
        "is not locked": not reader.is_encrypted,
        "does nothing by itself": not {"/OpenAction", "/AA", "/JavaScript"} & set(root),
        "holds its fonts": all(is_embedded(font) for page in reader.pages for font in fonts_of(page)),
        "follows its structure with Tab": all(page.get("/Tabs") == "/S" for page in reader.pages if "/Annots" in page),
    }
    return [name for name, holds in found.items() if not holds]


def fonts_of(page: DictionaryObject) -> list[DictionaryObject]:
    fonts = page.get("/Resources", {}).get("/Font", {})
    return [fonts[name].get_object() for name in fonts]


def is_embedded(font: DictionaryObject) -> bool:
    """Inside the file, with what its glyphs mean."""
    inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    described = inner.get("/FontDescriptor", {})
    return "/ToUnicode" in font and bool({"/FontFile", "/FontFile2", "/FontFile3"} & set(described))
