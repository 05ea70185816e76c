from __future__ import annotations

import pytest

from spheroseg_widgets.imaging.names import ParsedName, normal_well, parse_name, parse_names


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("VID1335_A7_1_00d05h00m.tif", ParsedName("VID1335", "A07", 5.0, 1)),
        ("my_long.exp_H12_4_12d23h30m.tif", ParsedName("my_long.exp", "H12", 12 * 24 + 23.5, 4)),
        ("raw/Phase/02d06h00m/VID7_B3_2.tif", ParsedName("VID7", "B03", 54.0, 2, "Phase")),
        ("P/Images/r02c11f03p01-ch2sk1fk1fl1.tiff", ParsedName("P", "B11", None, 3, "2", 1)),
        ("B07_48h.tif", ParsedName(None, "B07", 48.0)),
        ("screen 1_b7_2d.png", ParsedName("screen 1", "B07", 48.0)),
        ("AF48_1.5h.tif", ParsedName(None, "AF48", 1.5)),
        ("plate1/day3/A01.png", ParsedName("plate1", "A01", 72.0)),
        ("plate1/48h/a1.png", ParsedName("plate1", "A01", 48.0)),
    ],
)
def test_names_that_must_parse(path: str, expected: ParsedName) -> None:
    assert parse_name(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "img_001.png", "g07.png", "mls11_B03ED7830.png", "A99_3h.tif", "A0_3h.tif", "img_a1_2.png", "x/g12.jpg",
        "exp_t3_48h.tif", "<script>alert(1)</script>.png", "=cmd()|A1.png", "new\nline.tif", "ž ě.tif", ".tif", "A01B02.tif",
    ],
)  # fmt: skip
def test_auto_invents_no_well_from_other_names(path: str) -> None:
    assert parse_name(path) is None


def test_a7_is_a07() -> None:
    assert normal_well("a7") == normal_well("A07") == normal_well("A007") == "A07"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("{plate}_{well}_{time}h.tif", "x/P 1_a7_48h.tif", ParsedName("P 1", "A07", 48.0)),
        ("{plate}_{well}_{time}d.tif", "P_A7_2d.tif", ParsedName("P", "A07", 48.0)),
        ("{well}-{time}day", "A7-2day.png", ParsedName(None, "A07", 48.0)),
        ("{well}_{time}m.tif", "A7_90m.tif", ParsedName(None, "A07", 1.5)),
        ("{well}_{day}d{time}h.tif", "A7_2d3h.tif", ParsedName(None, "A07", 51.0)),
        ("{plate}/*/{well}_s{site}_c{channel}_z{z}.tif", "q/P/x/A7_s3_cGFP_z4.tif", ParsedName("P", "A07", None, 3, "GFP", 4)),
        ("{row}-{col}.tif", "2-11.tif", ParsedName(None, "B11")),
        ("{row}-{col}.tif", "b-11.tif", ParsedName(None, "B11")),
        ("{row}-{col}.tif", "32-48.tif", ParsedName(None, "AF48")),
        ("{plate}/{plate}_{well}.tif", "P/P_A1.tif", ParsedName("P", "A01")),
        ("a.b({well})*.tif", "a.b(C3) anything.tif", ParsedName(None, "C03")),
    ],
)  # fmt: skip
def test_a_pattern_of_the_users(pattern: str, path: str, expected: ParsedName) -> None:
    assert parse_name(path, pattern) == expected


def test_a_pattern_is_no_regular_expression_and_matches_the_whole_name() -> None:
    assert parse_name("aXb(C3).tif", "a.b({well}).tif") is None
    assert parse_name("P/Q_A1.tif", "{plate}/{plate}_{well}.tif") is None
    with pytest.raises(ValueError, match=r"unknown field \{wel\}"):
        parse_name("A1.tif", "{wel}.tif")


def test_opera_times_come_from_the_index_one_for_all_wells_of_a_time_point(tmp_path) -> None:
    entries = "".join(
        f"<Image Version='1'><URL>r01c0{c}f01p01-ch1sk{s}fk1fl1.tiff</URL>"
        f'<MeasurementTimeOffset Unit="s">{(s - 1) * 7200 + c}</MeasurementTimeOffset></Image>'
        for s in (1, 2)
        for c in (0, 1)
    )
    (tmp_path / "Index.idx.xml").write_text(f"<EvaluationInputData><Images>{entries}</Images></EvaluationInputData>")
    paths = [tmp_path / f"r01c0{c}f01p01-ch1sk{s}fk1fl1.tiff" for s in (1, 2) for c in (1, 2)]
    assert [name and name.time_h for name in parse_names(paths).parsed.values()] == [0.0, 0.0, 2.0, 2.0]


def test_the_table_names_gaps_duplicates_and_unparsed() -> None:
    paths = [f"P_{well}_{site}_00d{hour:02d}h00m.tif" for well in ("A1", "B1") for site in (1, 2) for hour in (0, 6)]
    paths.remove("P_B1_2_00d06h00m.tif")
    paths += ["copy/P_A01_1_00d00h00m.tif", "no\nte.tif"]
    table = parse_names(paths)
    assert table.gaps == [("B01", 6.0, 2, None)]
    assert [(name.well, count) for name, count in table.duplicates] == [("A01", 2)]
    assert [path.name for path in table.unparsed] == ["no\nte.tif"]
    text = str(table)
    assert "9 files: 1 plate(s) x 2 wells x 2 times x 2 site(s)" in text
    assert "missing: 1 (B01 at 6 h, site 2)" in text
    assert "duplicates: 1 (A01" in text
    assert "do not follow: 1 (no te.tif)" in text


def test_gaps_are_found_within_each_plate_and_channel() -> None:
    raw = [
        f"{channel}/00d0{hour}h00m/{plate}_A1_1.tif"
        for plate, hours in (("P", (0, 1)), ("Q", (0,)))
        for hour in hours
        for channel in ("Phase", "Red")
    ]
    assert parse_names(raw).gaps == []
    raw.remove("Red/00d01h00m/P_A1_1.tif")
    assert parse_names(raw).gaps == [("A01", 1.0, 1, "Red")]


def test_a_folder_of_pictures_without_wells_says_so() -> None:
    assert str(parse_names(["a.png", "b.png"])) == "2 files; no wells or times in their names"
