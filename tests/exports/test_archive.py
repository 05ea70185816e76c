"""An export as one file: whole or not at all, and nothing of the making stays behind."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from spheroseg_widgets.errors import ExportError
from spheroseg_widgets.exports.archive import write_archive


def test_it_holds_the_files_by_their_places(tmp_path: Path) -> None:
    def fill(folder: Path) -> list[Path]:
        (folder / "masks").mkdir()
        files = [folder / "images.csv", folder / "masks" / "a.png"]
        for file in files:
            file.write_text("a,b\n" * 1000)
        return files

    path = tmp_path / "exports" / "plate.zip"
    assert write_archive(path, fill) == 2
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["images.csv", "masks/a.png"]
        assert archive.testzip() is None
        assert archive.read("images.csv") == b"a,b\n" * 1000
        tables, pictures = (info.compress_size for info in archive.infolist())
    assert tables < 1000 < pictures, "tables are packed, what is packed already is not"
    assert [file.name for file in path.parent.iterdir()] == ["plate.zip"]


def test_half_an_export_is_none(tmp_path: Path) -> None:
    def fill(folder: Path) -> list[Path]:
        (folder / "images.csv").write_text("a")
        raise ExportError("2 of 3 files could not be written")

    with pytest.raises(ExportError, match="2 of 3"):
        write_archive(tmp_path / "plate.zip", fill)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("a file in its place")
    with pytest.raises(ExportError, match=r"exports/plate\.zip: cannot be written"):
        write_archive(tmp_path / "exports" / "plate.zip", lambda _folder: [])
