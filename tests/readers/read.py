"""Reads papers with programs that are not ours, and prints as JSON what it found in each: read.py pdf|xlsx|csv FILE..."""

import csv
import json
import sys

import openpyxl
import pypdf


def of_pdf(path):
    reader = pypdf.PdfReader(path)
    catalog = reader.trailer["/Root"]
    kinds = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                kinds.append(node["/S"])
            if "/K" in node:
                walk(node["/K"])

    walk(catalog["/StructTreeRoot"]["/K"])
    return {
        "pages": [page.extract_text() for page in reader.pages],
        "title": reader.metadata.title,
        "language": catalog["/Lang"],
        "marked": bool(catalog["/MarkInfo"]["/Marked"]),
        "bookmarks": [item.title for item in reader.outline],
        "kinds": sorted(set(kinds)),
        "conformance": catalog["/Metadata"].get_object().get_data().decode(),
        "embedded": all(
            "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            for page in reader.pages
            for font in (font.get_object() for font in page["/Resources"]["/Font"].values())
        ),
    }


def of_xlsx(path):
    book = openpyxl.load_workbook(path, read_only=True)
    rows = [[[cell.data_type, str(cell.value)] for cell in row] for sheet in book for row in sheet]
    return {"sheets": book.sheetnames, "rows": rows}


def of_csv(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {"rows": list(csv.reader(file, delimiter=";"))}


kind, *paths = sys.argv[1:]
read = {"pdf": of_pdf, "xlsx": of_xlsx, "csv": of_csv}[kind]
json.dump([read(path) for path in paths], sys.stdout)
