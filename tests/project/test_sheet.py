"""Tables of metadata: the ways in which they are written, what they say, and what is wrong with them."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from spheroseg_widgets.errors import TableError
from spheroseg_widgets.imaging.names import ParsedName
from spheroseg_widgets.project.sheet import plates_of, read_sheet
from spheroseg_widgets.project.sheet_rows import MOST_BYTES, read_rows

MAP = "well,condition,compound,concentration,unit,expected_spheroids\nA1,control,,,,1\nB07,drug,cisplatin,10.5,uM,2\n"
WELLS = [
    {"plate": None, "well": "A01", "condition": "control", "expected_spheroids": 1},
    {"plate": None, "well": "B07", "condition": "drug", "compound": "cisplatin", "concentration": 10.5, "unit": "uM",
     "expected_spheroids": 2},
]  # fmt: skip


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        MAP.encode(),
        b"\xef\xbb\xbf" + MAP.replace("\n", "\r\n").encode(),
        MAP.replace(",", "\t").encode("utf-16"),
        MAP.replace(",", ";").replace("10.5", "10,5").encode("cp1252"),
        MAP.replace("condition", " Condition ").replace("well", '"WELL"').encode(),
        b"\n\n" + MAP.replace("concentration", "Dose").encode() + b",,,,,\n",
    ],
)
def test_a_plate_map_is_read_however_a_spreadsheet_saved_it(data: bytes) -> None:
    sheet = read_sheet("map.csv", data)
    assert (sheet.problems, sheet.unused, sheet.of_images) == ([], [], False)
    assert sheet.wells == WELLS


def test_a_workbook_is_read_as_its_first_sheet_shows_it() -> None:
    data = workbook(
        ("Well", "condition", "compound", "concentration", "unit", "expected spheroids"),
        ("A1", "control", None, None, None, 1),
        (None, None, None, None, None, None),
        ("b7", "drug", "cisplatin", 10.5, "uM", 2.0),
    )
    sheet = read_sheet("map.xlsx", data)
    assert (sheet.problems, sheet.wells) == ([], WELLS)
    wrong = read_sheet("map.xlsx", workbook(("well", "dose"), ("A1", "x"), (None, None), ("A2", "ten")))
    assert [str(problem) for problem in wrong.problems] == [
        "line 2, dose: is 'x', and not a number", "line 4, dose: is 'ten', and not a number",
    ]  # fmt: skip


def test_every_wrong_cell_is_named_by_line_and_column() -> None:
    text = "Well,condition,concentration,Expected Spheroids\nA1,a,1,1\n,b,1,1\nZZ99,c,1,1\nA2,d,ten,1\nA3,e,1,1.5\nA1,b,1,1\n"
    problems = [str(problem) for problem in read_sheet("map.csv", text.encode()).problems]
    assert problems == [
        "line 3, Well: is empty",
        "line 4, Well: 'ZZ99' is not a well such as B07",
        "line 5, concentration: is 'ten', and not a number",
        "line 6, Expected Spheroids: is '1.5', and not a whole number",
        "line 7, condition: is 'b' here, and 'a' on line 2 for A01",
    ]


def test_lines_are_counted_through_cells_of_several_lines() -> None:
    sheet = read_sheet("map.csv", b'well,condition\nA1,"one\ntwo"\nX,b\n')
    assert [problem.line for problem in sheet.problems] == [4]
    assert sheet.wells[0]["condition"] == "one\ntwo"


def test_a_comma_is_a_decimal_point_only_where_it_does_not_separate_cells() -> None:
    assert read_sheet("m.csv", b'well,concentration\nA1,"1,000"\n').problems[0].line == 2
    assert read_sheet("m.tsv", b"well\tconcentration\tcompound\nA1\t0,5\t1,2\n").wells == [
        {"plate": None, "well": "A01", "compound": "1,2", "concentration": 0.5}
    ]


def test_several_treatments_of_a_well_stay_and_repeated_rows_do_not() -> None:
    text = "well,condition,compound\nA1,both,a\nA1,both,b\nA1,both,a\n"
    assert [row["compound"] for row in read_sheet("m.csv", text.encode()).wells] == ["a", "b"]


IMAGES = (
    "File name,Well,Day,Field,Condition,lens\n"
    "a/one.tif,A1,1,2,control,10x\n"
    "b\\one.tif,A1,2,,control,10x\n"
    "Two,B2,,,drug,10x\n"
    "gone.tif,B2,,,drug,10x\n"
)


def test_a_table_of_images_finds_its_files_by_name_and_folder() -> None:
    sheet = read_sheet("images.csv", IMAGES.encode())
    assert sheet.of_images
    assert sheet.problems == []
    assert sheet.unused == ["lens"]
    places = [
        Path("/up/a/one.tif"),
        Path("/up/b/one.tif"),
        Path("/up/c/one.tif"),
        Path("/up/two.png"),
        Path("/up/x.tif"),
    ]
    parsed = dict.fromkeys(places) | {places[1]: ParsedName("p", "H12", 0.0, 3)}
    assert sheet.apply(places, parsed) == {
        places[0]: ParsedName(None, "A01", 24.0, 2),
        places[1]: ParsedName("p", "A01", 48.0, 3),
        places[2]: None,
        places[3]: ParsedName(None, "B02"),
        places[4]: None,
    }
    assert sheet.without_file(places) == [(5, "gone.tif")]
    assert sheet.wells == [
        {"plate": None, "well": "A01", "condition": "control"}, {"plate": None, "well": "B02", "condition": "drug"},
    ]  # fmt: skip


def test_wrong_cells_of_images_are_named_too() -> None:
    text = "file,well,time_h,site\na.tif,A1,0,1\n,A1,0,1\nA.tif,A1,0,1\nb.tif,1A,soon,0\n"
    assert [str(problem) for problem in read_sheet("i.csv", text.encode()).problems] == [
        "line 3, file: is empty",
        "line 4, file: 'A.tif' stands on line 2 as well",
        "line 5, well: '1A' is not a well such as B07",
        "line 5, time_h: 'soon' is not a number",
        "line 5, site: '0' is not a whole number from 1",
    ]


def test_a_columns_own_name_counts_before_another() -> None:
    sheet = read_sheet("i.csv", b"name,file,group,condition,well\nx,a.tif,g,c,A1\n")
    assert sheet.unused == ["name", "group"]
    assert sheet.find(Path("a.tif")) is not None
    assert sheet.wells[0]["condition"] == "c"


def test_a_map_without_plates_is_a_question_where_there_are_several() -> None:
    sheet = read_sheet("m.csv", MAP.encode())
    assert plates_of(sheet, ["p1"]) == []
    assert plates_of(sheet, ["p2", "p1"]) == ["p1", "p2"]
    named = read_sheet("m.csv", b"plate,well,condition\np1,A1,a\n")
    assert plates_of(named, ["p2", "p1"]) == []


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("m.csv", b"", "the table is empty"),
        ("m.csv", b"\n ,\n", "the table is empty"),
        ("m.csv", b"a,b\n1,2\n", "no column is called file or well; its first line has a, b"),
        ("m.csv", b"well,Well\nA1,A2\n", "several columns have one name: well, Well"),
        ("m.pdf", b"well\nA1\n", "tables are read from .csv, .tsv, .txt, .xlsx"),
        ("m.xlsx", b"no workbook", "is damaged, or no workbook"),
        ("m.csv", b"x" * (MOST_BYTES + 1), "a table may have 2 MB"),
        ("m.csv", b'well\n"' + b"a" * 200_000 + b'"\n', "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_by_name(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(TableError, match=reason) as caught:
        read_sheet(name, data)
    assert str(caught.value).startswith(name)


def test_cells_beyond_the_columns_are_left_out() -> None:
    assert read_rows("m.csv", b"well,,x\nA1,2,3,4\n").rows[0].cells == {"well": "A1", "x": "3"}
