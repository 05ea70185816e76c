from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import numpy as np
import pytest
import tifffile
from PIL import Image

from spheroseg_widgets.errors import ImageError, ShareUnavailableError
from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.listing import list_files, probe_many
from spheroseg_widgets.imaging.names import parse_name
from spheroseg_widgets.imaging.reach import unseen
from spheroseg_widgets.imaging.read import FileInfo, Plane, probe, read_plane
from spheroseg_widgets.imaging.remote import local_file
from spheroseg_widgets.imaging.url import Url, as_path, is_url

INDEX = '<Maps><ImageResolutionX Unit="um">0.993</ImageResolutionX></Maps>'


def pixels(height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60_000, (height, width), np.uint16)


@pytest.fixture
def put(bucket: str) -> Callable[..., str]:
    """Return a function that writes an object; it returns its URL."""

    def write(name: str, content: bytes = b"x") -> str:
        fsspec.filesystem("s3").pipe_file(f"{bucket}/{name}", content)
        return f"s3://{bucket}/{name}"

    return write


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address of a web server of it that sends files from their beginning only."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("text", "parent", "name", "stem", "suffix", "parts"),
    [
        ("s3://b/plate/day 3/A#1?x.tif", "s3://b/plate/day 3", "A#1?x.tif", "A#1?x", ".tif", 4),
        ("s3://b/a.tif", "s3://b", "a.tif", "a", ".tif", 2),
        ("s3://b/plate//a.tif", "s3://b/plate/", "a.tif", "a", ".tif", 3),
        ("S3://b/plate/", "s3://b", "plate", "plate", "", 2),
        ("ftp://me@host:21/a/b.c.png", "ftp://me@host:21/a", "b.c.png", "b.c", ".png", 3),
        ("https://host/a/b.tif?version=2#top", "https://host/a", "b.tif", "b", ".tif", 3),
        ("s3://b", "s3://b", "b", "b", "", 1),
    ],
)
def test_a_url_has_name_and_folders(text: str, parent: str, name: str, stem: str, suffix: str, parts: int) -> None:
    url = as_path(text)
    assert isinstance(url, Url)
    assert is_url(text)
    assert str(url.parent) == parent.rstrip("/")
    assert (url.name, url.stem, url.suffix, len(url.parts)) == (name, stem, suffix, parts)
    assert str(as_path(str(url))) == str(url)


@pytest.mark.parametrize("text", ["/a/b.tif", "C:/a.tif", "a:b/c.tif", "raw/*.tif", "file:///tmp/a b.tif"])
def test_what_is_no_url_stays_a_path(text: str) -> None:
    assert isinstance(as_path(text), Path)
    assert as_path(text) == Path(text.removeprefix("file://"))


def test_names_are_parsed_with_the_folders_of_a_url() -> None:
    parsed = parse_name("s3://bucket/plate1/day3/A1.png")
    assert parsed is not None
    assert (parsed.plate, parsed.well, parsed.time_h) == ("plate1", "A01", 72)
    assert parse_name("s3://bucket/p/A1.png", "{plate}/{well}.png") is not None


def test_folder_glob_and_file(put: Callable[..., str], bucket: str) -> None:
    for name in (
        "plate/A10.png", "plate/A2.png", "plate/b/A1.TIF", "plate/b/c/A1.jpeg", "plate/notes.txt", "plate/.hidden.png",
        "plate/x.tif.part", "plate/.git/a.png", "plate/out/images.csv", "plate/out/masks/1.png", "plate/masks/1.png",
        "plate/dir.tif/inside.png", "plate 2/A1.png", "plate 2/a[1].png",
    ):  # fmt: skip
        put(name)
    fsspec.filesystem("s3").pipe_file(f"{bucket}/plate/empty/", b"")  # what browsers of buckets make of a folder
    root = f"s3://{bucket}"

    def names(*items: str) -> list[str]:
        return [str(path).removeprefix(f"{root}/") for path in list_files(items).files]

    inside = ["A2.png", "A10.png", "b/A1.TIF", "b/c/A1.jpeg", "masks/1.png"]
    assert names(f"{root}/plate") == names(f"{root}/plate/") == [f"plate/{name}" for name in inside]
    assert list_files([f"{root}/plate"]).skipped == [(f"{root}/plate/dir.tif", "is a folder named like an image")]
    assert names(f"{root}/plate/*.png") == ["plate/A2.png", "plate/A10.png"]
    assert names(f"{root}/plate/**/*.jpeg") == ["plate/b/c/A1.jpeg"]
    assert names(f"{root}/plate ?") == ["plate 2/A1.png", "plate 2/a[1].png"]
    assert names(f"{root}/plate 2/a[1].png", f"{root}/plate 2") == ["plate 2/A1.png", "plate 2/a[1].png"]
    found = list_files([f"{root}/plate/none.png", f"{root}/none", f"{root}/plate/*.bmp", f"{root}/plate/b/c"])
    assert [path.name for path in found.files] == ["A1.jpeg"]
    assert found.skipped == [
        (f"{root}/plate/none.png", "does not exist"),
        (f"{root}/none", "does not exist"),
        (f"{root}/plate/*.bmp", "no image file matches this pattern"),
    ]
    put("twice//a.png")
    assert names(f"{root}/twice") == ["twice//a.png"]
    put("plate/B1.png")  # what was listed a moment ago is not taken for what is there
    assert "plate/B1.png" in names(f"{root}/plate")


@pytest.mark.parametrize("rest", ["", "/plate", "/plate/*.tif", "/plate/a.tif"])
def test_a_bucket_that_is_not_there_is_one_sentence(bucket: str, rest: str) -> None:
    with pytest.raises(ShareUnavailableError, match=rf"s3://not-{bucket} is not there") as caught:
        list_files([f"s3://not-{bucket}{rest}"] * 3)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_reached_says_why(bucket: str) -> None:
    with pytest.raises(ShareUnavailableError, match="must be named"):
        list_files(["s3://*/plate"])
    with pytest.raises(ShareUnavailableError, match="Protocol not known: nowhere"):
        list_files(["nowhere://bucket/plate"])
    assert unseen([f"s3://{bucket}/none/a.tif"]) == {f"s3://{bucket}/none": "it is not there"}


def test_a_missing_package_and_missing_credentials_are_named(put: Callable[..., str], tmp_path: Path) -> None:
    url = put("plate/a.tif")
    code = f"from spheroseg_widgets.imaging.listing import list_files\nlist_files([{url!r}])"
    (tmp_path / "s3fs.py").write_text("raise ModuleNotFoundError(\"No module named 's3fs'\")")
    for changed, told in (
        (f"import sys; sys.path.insert(0, {str(tmp_path)!r})", f"{url}: install s3fs to access S3"),
        ("import os; del os.environ['AWS_ACCESS_KEY_ID']", f"{url}: cannot be read (Unable to locate credentials)"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", f"{changed}\n{code}"], check=False, capture_output=True, text=True
        )  # fmt: skip
        assert f"ShareUnavailableError: {told}" in done.stderr


@pytest.mark.parametrize(
    "text",
    ["s3://key:topsecret@bucket/plate", "s3://key:top/secret@bucket/plate", "ftp://me:topsecret@host:21/plate/*.tif",
     "https://host/a.tif?X-Amz-Signature=topsecret", "https://acc.host/c/a.tif?sv=1&sig=topsecret"],
)  # fmt: skip
def test_a_url_that_holds_a_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ImageError, match="would be stored") as caught:
        list_files([text])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["s3://arn:aws:s3:eu-west-1:12:accesspoint/a/b.tif", "sftp://me@host:22/a/b.tif"])
def test_a_port_and_an_access_point_are_no_password(text: str) -> None:
    from spheroseg_widgets.imaging.url import refuse_secrets

    refuse_secrets(Url(text))


def test_probe_and_pixels_are_those_of_the_same_file_here(
    tmp_path: Path, upload: Callable[[Path], str], copies: Path
) -> None:
    folder = tmp_path / "plate"
    folder.mkdir()
    tifffile.imwrite(
        folder / "large.tif", pixels(1024, 1024), imagej=True, resolution=(0.5, 0.5), metadata={"unit": "um"}
    )
    tifffile.imwrite(folder / "stack.tif", np.stack([pixels(), pixels() // 2]), photometric="minisblack")
    Image.fromarray(pixels()).save(folder / "deep.png")
    Image.fromarray((pixels() >> 8).astype(np.uint8)).save(folder / "grey.jpg")
    (folder / "Index.idx.xml").write_text(INDEX)
    root = upload(folder)
    asked: list[str] = []
    logger, handler = logging.getLogger("werkzeug"), logging.Handler()
    handler.emit = lambda record: asked.append(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        there = probe_many([f"{root}/{name}" for name in ("large.tif", "stack.tif", "deep.png", "grey.jpg")])
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.ERROR)
    assert not [line for line in asked if "GET" in line and "large.tif" in line and " 206 " not in line]
    for info in there:
        assert isinstance(info, FileInfo), info
        assert info.path.startswith("s3://")
        here = folder / info.path.rpartition("/")[2]
        same = probe(here)
        for name in ("format", "size_bytes", "width", "height", "dtype", "axes", "lengths", "n_series", "pixel_size"):
            assert getattr(info, name) == getattr(same, name), name
        assert info.modified_at > 1_600_000_000
        np.testing.assert_array_equal(read_plane(info.path).pixels, read_plane(here).pixels)
        assert sha256(info.path) == sha256(here)
    assert (
        read_plane(f"{root}/stack.tif", Plane(t=1)).pixels.max()
        == read_plane(folder / "stack.tif", Plane(t=1)).pixels.max()
    )
    assert there[0].pixel_size.source == "vendor"  # type: ignore[union-attr]
    assert not list(copies.iterdir())


def test_what_is_wrong_is_said_of_the_url(put: Callable[..., str], tmp_path: Path, copies: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", pixels(64, 64))
    content = (tmp_path / "whole.tif").read_bytes()
    reasons = {
        put("plate/cut.tif", content[:-900]): "truncated",
        put("plate/none.tif", b"no image"): "holds no TIFF, JPEG, PNG or BMP image",
        put("plate/empty.tif", b""): "the file is empty",
        put("plate/damaged.tif", content[:60]): "damaged|truncated|holds no image",
        put("plate/damaged.png", b"\x89PNG\r\n\x1a\n" + b"0" * 60): "damaged",
        put("plate/a.tif") + "x": "the file does not exist",
    }
    for url, reason in reasons.items():
        with pytest.raises(ImageError, match=reason) as caught:
            read_plane(url)
        assert caught.value.path == url
        assert str(copies) not in str(caught.value)
    with pytest.raises(ImageError, match="is a folder"):
        probe(next(iter(reasons)).rpartition("/")[0])
    with local_file(next(iter(reasons))) as file:
        assert file.suffix == ".tif"
        assert file.is_relative_to(copies)
    assert not list(copies.iterdir())


@pytest.mark.parametrize("size", [32, 1024])
def test_a_web_server_that_sends_whole_files_only(served: tuple[Path, str], copies: Path, size: int) -> None:
    folder, address = served
    tifffile.imwrite(folder / "a.tif", pixels(size, size))
    url = f"{address}/a.tif"
    assert [str(path) for path in list_files([url]).files] == [url]
    assert (probe(url).width, probe(url).size_bytes) == (size, (folder / "a.tif").stat().st_size)
    np.testing.assert_array_equal(read_plane(url).pixels, pixels(size, size))
    assert unseen([url]) == {}
    assert list_files([f"{address}/b.tif"]).skipped == [(f"{address}/b.tif", "does not exist")]
    assert not list(copies.iterdir())
