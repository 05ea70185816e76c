"""Training: views keep pixels and labels together; a run learns, stops, goes on, starts from weights."""

from __future__ import annotations

import csv
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from spheroseg_widgets.errors import TrainingError
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.scenes import random_scene
from spheroseg_widgets.segmentation.training import trainer as train
from spheroseg_widgets.segmentation.training.augment import ViewRange, random_camera, random_view
from spheroseg_widgets.segmentation.training.domains import Annotated, Domain, typical_diameter
from spheroseg_widgets.segmentation.training.targets import UNKNOWN
from spheroseg_widgets.segmentation.training.trainer import Trainer, TrainingConfig
from spheroseg_widgets.segmentation.training.validation import Score, score, whole_view, whole_views

SMALL = NetworkConfig(widths=(8, 16), bottleneck=16)


def domains() -> list[Domain]:
    return [Domain.of_images("synthetic", 1.0, annotated(0), ViewRange(10, 60))]


def annotated(seed: int) -> list[Annotated]:
    rng = np.random.default_rng(seed)
    items = []
    for number in range(4):
        scene = random_scene(rng, (96, 96))
        grey = scene.pixels.astype(np.float32)
        items.append(Annotated(str(number), grey / grey.max(), scene.labels, typical_diameter(scene.labels)))
    return items


def config(steps: int, **changes: object) -> TrainingConfig:
    values = {"steps": steps, "views": ((32, 4), (64, 2)), "warmup": 5, "rate": 5e-3, "network": SMALL, "threads": 1,
              "validation_side": 64}  # fmt: skip
    return TrainingConfig(**{**values, **changes})  # type: ignore[arg-type]


def test_a_view_moves_pixels_and_labels_alike() -> None:
    rng = np.random.default_rng(1)
    labels = np.zeros((120, 150), np.int32)
    labels[40:80, 50:110] = 1
    image = labels.astype(np.float32)  # the picture is its own truth
    for _ in range(30):
        view, cut = random_view(image, labels, 50.0, 64, rng, ViewRange(20, 60))
        assert np.mean((view > 0.5) != (cut > 0)) < 0.03


def test_no_object_is_drawn_larger_than_the_view_shows() -> None:
    labels = np.zeros((400, 400), np.int32)
    labels[100:300, 100:300] = 1
    spans = []
    for seed in range(40):
        _, cut = random_view(
            labels.astype(np.float32), labels, 200.0, 64, np.random.default_rng(seed), ViewRange(20, 300)
        )
        spans.append((cut > 0).mean())
    assert np.mean(spans) < 0.75  # without the bound most views would be nothing but foreground


def test_sizes_are_drawn_evenly_within_both_bounds_and_do_not_heap_up_at_one() -> None:
    yy, xx = np.mgrid[:200, :200]
    labels = ((xx - 100) ** 2 + (yy - 100) ** 2 < 20**2).astype(np.int32)
    span = ViewRange(5, 400, least_zoom=0.5, most_zoom=1.8)
    zooms = []
    for seed in range(300):
        _, cut = random_view(labels.astype(np.float32), labels, 40.0, 160, np.random.default_rng(seed), span)
        shown = cut > 0
        if shown.any() and not (shown[0].any() or shown[-1].any() or shown[:, 0].any() or shown[:, -1].any()):
            zooms.append(np.sqrt(shown.sum() / labels.sum()))
    assert 0.45 < min(zooms) < 0.6
    assert 1.6 < max(zooms) < 1.9
    assert np.mean(np.array(zooms) < 0.55) < 0.2, "the range of diameters goes further than that of zooms"


def test_beyond_the_border_nothing_is_annotated_and_no_object_meets_its_reflection() -> None:
    labels = np.zeros((60, 80), np.int32)
    labels[20:40, 70:] = 1  # cut by the border: with its mirror image it would be twice as long
    image = labels.astype(np.float32)
    for seed in range(40):
        view, cut = random_view(image, labels, 20.0, 160, np.random.default_rng(seed), ViewRange(10, 20))
        assert (cut == UNKNOWN).mean() > 0.5  # the view is larger than the image
        assert set(np.unique(cut)) <= {UNKNOWN, 0, 1}
        assert np.isfinite(view).all()
        known = (cut != UNKNOWN).sum()
        assert abs((cut == 1).sum() / known - (labels == 1).mean()) < 0.02, "of the object only what was photographed"


def test_a_view_that_fits_into_its_image_stays_there() -> None:
    labels = np.zeros((300, 300), np.int32)
    labels[:20, :20] = 1
    fits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        _, cut = random_view(labels.astype(np.float32), labels, 20.0, 100, rng, ViewRange(15, 25))
        fits += not (cut == UNKNOWN).any()
        assert (cut == UNKNOWN).mean() < 0.35  # a turned one can lack its corners
    assert fits > 4


def test_the_camera_keeps_the_range_and_the_type() -> None:
    image = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    for seed in range(60):
        out = random_camera(image, np.random.default_rng(seed))
        assert out.dtype == np.float32
        assert out.shape == image.shape
        assert 0 <= out.min() <= out.max() <= 1


def test_the_camera_inverts_as_often_as_it_is_told() -> None:
    image = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    for share in (0.0, 0.3, 1.0):
        falls = [random_camera(image, np.random.default_rng(seed), share) for seed in range(200)]
        assert abs(np.mean([out[0].mean() > out[-1].mean() for out in falls]) - share) < 0.1


def test_a_run_learns_and_writes_its_curve(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, domains(), config(60))
    trainer.run()
    rows = list(csv.DictReader((tmp_path / "curve.csv").read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == [10, 20, 30, 40, 50, 60]
    assert float(rows[-1]["loss"]) < 0.8 * float(rows[0]["loss"])


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    Trainer(tmp_path, domains(), config(100)).run(lambda row: row["step"] < 20)
    again = Trainer(tmp_path, domains(), config(30))
    assert again.resume()
    assert again.step == 20
    again.run()
    assert again.step == 30
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    assert state["step"] == 30


def test_a_run_starts_from_a_models_weights(tmp_path: Path) -> None:
    torch.manual_seed(3)
    base = ResUNet(SMALL).state_dict()
    trainer = Trainer(tmp_path, domains(), config(5))
    trainer.start_from(base)
    for key, value in trainer.network.state_dict().items():
        assert torch.equal(value, base[key]), key
        assert torch.equal(trainer.averaged[key], base[key]), key


def test_the_rate_rises_and_falls_with_the_clock() -> None:
    timed = config(10_000, minutes=10.0, warmup=10)
    assert timed.rate_at(0, 0) < timed.rate_at(9, 1)
    assert timed.rate_at(50, 60) == pytest.approx(timed.rate)
    assert timed.rate_at(50, 599) < 0.02 * timed.rate
    assert timed.is_over(50, 600)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[key]) for key, value in one.items())


def steps_in(folder: Path) -> list[int]:
    return [int(row["step"]) for row in csv.DictReader((folder / "curve.csv").read_text().splitlines())]


def test_a_run_in_two_sittings_is_the_run_in_one(tmp_path: Path) -> None:
    whole = Trainer(tmp_path / "one", domains(), config(16))
    whole.run()
    Trainer(tmp_path / "two", domains(), config(16)).run(lambda row: row["step"] < 10)
    second = Trainer(tmp_path / "two", domains(), config(16))
    assert second.resume()
    assert not same(second.averaged, whole.averaged)
    second.run()
    assert second.step == 16
    assert same(second.network.state_dict(), whole.network.state_dict())
    assert same(second.averaged, whole.averaged)


def test_minutes_count_over_all_sittings(tmp_path: Path) -> None:
    first = Trainer(tmp_path, domains(), config(4, minutes=10.0))
    first.run()
    assert 0 < first.seconds < 300
    second = Trainer(tmp_path, domains(), config(8, minutes=first.seconds / 60))
    assert second.resume()
    second.run()
    assert second.step == 4  # its time is up already


def test_a_run_stops_when_another_thread_says_so(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, domains(), config(100_000))
    told = threading.Event()
    thread = threading.Thread(target=trainer.run, args=(lambda row: told.set() or True,))
    thread.start()
    assert told.wait(60)
    trainer.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert 10 <= trainer.step < 100_000
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == trainer.step
    trainer.run(lambda row: False)  # the stop was for that sitting only
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] > 10


def test_steps_after_the_last_save_are_written_once(tmp_path: Path) -> None:
    Trainer(tmp_path, domains(), config(10)).run()
    shutil.copy(tmp_path / "last.pt", tmp_path / "kept")
    again = Trainer(tmp_path, domains(), config(30))
    again.resume()
    again.run()
    (tmp_path / "kept").replace(tmp_path / "last.pt")  # as if the machine had gone down before the next save
    with (tmp_path / "curve.csv").open("a") as stream:
        stream.write("4")
    last = Trainer(tmp_path, domains(), config(20))
    assert last.resume()
    assert steps_in(tmp_path) == [10]
    last.run()
    assert steps_in(tmp_path) == [10, 20]
    assert [row["step"] for row in last.curve.rows] == [10, 20]
    (tmp_path / "last.pt").unlink()  # killed before the first save
    anew = Trainer(tmp_path, domains(), config(10))
    assert not anew.resume()
    anew.run()
    assert steps_in(tmp_path) == [10]


def test_the_best_averaged_weights_are_kept_and_later_worse_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = {0: 3.0, 4: 1.0, 8: 2.0, 12: 1.5}
    weights = {}

    def judged(network: ResUNet, *_: object) -> Score:
        weights[trainer.step] = {key: value.clone() for key, value in network.state_dict().items()}
        return Score(losses[trainer.step], 0.5)

    monkeypatch.setattr(train, "score", judged)
    trainer = Trainer(tmp_path, domains(), config(8, validate_every=4), validation=annotated(7))
    trainer.run()
    trainer = Trainer(tmp_path, domains(), config(12, validate_every=4), validation=annotated(7))
    assert trainer.resume()
    assert trainer.best == Score(1.0, 0.5)
    trainer.run()
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert (best["step"], best["loss"]) == (4, 1.0)
    assert same(best["averaged"], weights[4])
    assert not same(best["averaged"], weights[12])
    assert same(trainer.averaged, weights[12])


def test_validation_scores_the_averaged_weights_on_its_own_images(tmp_path: Path) -> None:
    held_out = annotated(7)
    trainer = Trainer(tmp_path, domains(), config(25, validate_every=10), validation=held_out)
    rows = []
    trainer.run(lambda row: rows.append(dict(row)) or True)
    looked = {row["step"]: row for row in rows if "validation_iou" in row}
    assert list(looked) == [0, 10, 20, 25]  # the start, every 10 steps, and the end
    assert "loss" not in looked[0]
    network = ResUNet(SMALL).eval()
    network.load_state_dict(trainer.averaged)
    found = score(network, whole_views(held_out, 64), SMALL.stride, torch.device("cpu"))
    assert looked[25]["validation_loss"] == pytest.approx(found.loss, abs=1e-4)
    assert looked[25]["validation_iou"] == pytest.approx(found.iou, abs=1e-4)
    network.load_state_dict(torch.load(tmp_path / "best.pt", weights_only=True)["averaged"])
    best = score(network, whole_views(held_out, 64), SMALL.stride, torch.device("cpu"))
    assert best.loss == pytest.approx(min(row["validation_loss"] for row in looked.values()), abs=1e-4)
    assert steps_in(tmp_path) == [0, 10, 20, 25]


def test_a_view_is_whole_and_small_objects_are_not_lost(tmp_path: Path) -> None:
    labels = np.zeros((300, 400), np.int32)
    labels[100:200, 150:250] = 1
    image, cut = whole_view(Annotated("large", (labels > 0).astype(np.float32), labels, 113.0), 100)
    assert image.shape == cut.shape == (75, 100)
    assert np.mean((image > 0.5) != (cut > 0)) < 0.01
    tiny = np.zeros((300, 400), np.int32)
    tiny[280:288, 380:388] = 1  # 2 px at the scale that shows all of it
    image, cut = whole_view(Annotated("tiny", (tiny > 0).astype(np.float32), tiny, 9.0), 100)
    assert image.shape == cut.shape == (100, 100)
    assert (cut > 0).sum() >= 15**2
    assert np.mean((image > 0.5) != (cut > 0)) < 0.01


def test_what_goes_wrong_while_drawing_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    def broken(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        raise MemoryError("no room for a view")

    with pytest.raises(MemoryError, match="no room"):
        Trainer(tmp_path, [Domain("broken", 1.0, broken)], config(20)).run()


def test_a_damaged_or_foreign_state_is_named(tmp_path: Path) -> None:
    Trainer(tmp_path, domains(), config(1)).run()
    other = Trainer(tmp_path, domains(), config(1, network=NetworkConfig(widths=(8,), bottleneck=8)))
    with pytest.raises(TrainingError, match=r"last\.pt: belongs to another network"):
        other.resume()
    (tmp_path / "last.pt").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(TrainingError, match=r"last\.pt: the saved state is damaged"):
        Trainer(tmp_path, domains(), config(1)).resume()


def test_a_run_that_falls_apart_says_so_and_keeps_its_best(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, domains(), config(50, rate=1e30, warmup=0), validation=annotated(7))
    with pytest.raises(TrainingError, match=r"not a number after step \d+; use a smaller --rate"):
        trainer.run()
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert all(torch.isfinite(value).all() for value in best["averaged"].values())


def test_views_that_the_network_cannot_take_are_rounded_up(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path / "run", domains(), config(1, views=((30, 2),)))
    images, targets = trainer.batch(np.random.default_rng(0))
    assert images.shape == (2, 1, 32, 32)
    assert targets.shape == (2, 2, 32, 32)
