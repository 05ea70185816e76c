/** The words and numbers around the picture. */

import { count, three } from "../shared/numbers";
import type { Planes } from "./tiles/planes";
import type { HeatLayer } from "./reading/heat";
import type { State } from "../shared/rpc";
import type { Translate } from "../shared/strings";
import type { Chrome } from "./chrome";
import type { Fixing } from "./fixing/fixing";
import { area, oriented } from "./geometry";
import { FLAG } from "./store";
import { LOOKING, TOOLS, type Drawing, type Pointer, type Preview } from "./tools/tool";
import type { View } from "../shared/view";
import type { Work } from "./work";

const LONGEST_BAR = 140;
/** What can be done with one selected outline or more, and with two or more. */
const ONE = ["object.fill_holes", "object.free_hole", "edit.copy", "edit.duplicate", "object.lock", "object.hide", "edit.remove"] as const;
const JUDGING = ["review.approve", "review.absent", "review.exclude"] as const;
const TWO = ["object.merge", "object.subtract", "object.intersect"] as const;

/** Area with its unit: um where the pixel size is known. */
export function areaText(px2: number, pixelSize: number | null, t: Translate): string {
  return pixelSize === null
    ? t("editor.px2", { value: three(px2) })
    : t("editor.um2", { value: three(px2 * pixelSize * pixelSize) });
}

/** Grey value and place under the pointer, and the probability where its map is shown. */
export function readings(chrome: Chrome, work: Work, planes: Planes, heat: HeatLayer, at: Pointer | null, t: Translate): void {
  const read = at && planes.valueAt(at.x, at.y);
  chrome.readout.hidden = !read;
  if (!read || !at) return;
  const grey = Number.isInteger(read.value) ? count(read.value) : three(read.value);
  const parts = [t(read.mean ? "editor.readout_mean" : "editor.readout", { grey, x: Math.floor(at.x), y: Math.floor(at.y) })];
  const image = work.info?.image;
  const size = image?.pixel_size_um ?? null;
  if (size !== null) parts.push(t("editor.readout_um", { x: three(at.x * size), y: three(at.y * size) }));
  const probability = image ? heat.valueAt(at.x, at.y, image.width, image.height) : null;
  if (probability !== null) parts.push(t("editor.readout_heat", { value: probability.toFixed(2) }));
  chrome.readout.textContent = parts.join("  ·  ");
}

/** What is selected and how large it is (live while it is dragged), the count, the zoom, the scale bar. */
export function showFooter(chrome: Chrome, work: Work, view: View, preview: Preview | null, t: Translate): void {
  const size = work.info?.image.pixel_size_um ?? null;
  chrome.object.textContent = objectText(work, preview, size, t);
  const hidden = work.store.hiddenCount;
  chrome.count.textContent = t("editor.objects", { n: work.store.count });
  chrome.hidden.hidden = !hidden;
  chrome.hidden.textContent = t("editor.hidden", { n: hidden });
  const percent = view.scale * 100;
  chrome.zoom.textContent = t("editor.zoom", { percent: percent < 10 ? three(percent) : count(percent) });
  chrome.bar.show(work.info ? view.scale : null, size, LONGEST_BAR);
}

function objectText(work: Work, preview: Preview | null, size: number | null, t: Translate): string {
  const { selection, store } = work;
  if (preview?.shapes.length) return previewText(work, preview, size, t);
  const id = selection.only;
  if (id === null) {
    const n = selection.ids.size;
    return n ? t("editor.selected", { n }) : "";
  }
  const slot = store.slot(id);
  if (slot === undefined) return "";
  const { confidence, flags } = store.attributes(slot);
  const parts = [objectName(work, slot), areaText(work.measured(slot) ?? area(store.rings(slot)), size, t)];
  if (Number.isFinite(confidence)) parts.push(t("editor.confidence", { value: confidence.toFixed(2) }));
  if (flags & FLAG.lowConfidence) parts.push(t("editor.low_confidence"));
  if (flags & FLAG.border) parts.push(t("editor.cut"));
  if (flags & FLAG.primary) parts.push(t("editor.mark.primary"));
  if (store.isAside("locked", id)) parts.push(t("editor.locked"));
  return parts.join(" · ");
}

/** What it is and how large it would be. */
function previewText(work: Work, { shapes }: Preview, size: number | null, t: Translate): string {
  const ids = [...new Set(shapes.map(({ id }) => id).filter((id) => id !== null))];
  const slot = ids.length === 1 ? work.store.slot(ids[0]) : undefined;
  const name = slot !== undefined ? objectName(work, slot) : ids.length ? t("editor.selected", { n: ids.length }) : t("editor.new");
  return `${name} · ${areaText(shapes.reduce((sum, { rings }) => sum + area(oriented(rings)), 0), size, t)}`;
}

/** The number of an object in its image, and its class where there are several. */
export function objectName({ store, classes }: Work, slot: number): string {
  const { names } = classes;
  return names.length > 1 ? `#${slot + 1} ${names[store.attributes(slot).classIndex]}` : `#${slot + 1}`;
}

/** The class of what is selected, else of what is drawn next; null for several. */
export function classOf({ selection, store }: Work, drawing: Drawing): number | null {
  if (!selection.ids.size) return drawing.classIndex;
  const found = new Set([...selection.ids].map((id) => store.attributes(store.slot(id)!).classIndex));
  return found.size === 1 ? [...found][0] : null;
}

/** The image's name, its place among the others, and how the changes stand. */
export function showHeader(chrome: Chrome, work: Work, fixing: Fixing | undefined, kernel: State, t: Translate): void {
  const image = work.image;
  const { buttons } = chrome;
  chrome.name.textContent = image?.name ?? "";
  chrome.name.title = image?.name ?? "";
  const place = image && (fixing?.place(image) ?? image);
  chrome.place.textContent = place ? t("editor.place", { position: count(place.position), count: count(place.count) }) : "";
  buttons.enable("image.previous", place?.previous != null);
  buttons.enable("image.next", place?.next != null);
  chrome.about.textContent = chrome.about.title = (image && fixing?.about(image.id)) ?? "";
  const [state, words] = storingText(work, kernel, t);
  chrome.storing.dataset.state = state;
  chrome.storing.textContent = words;
  chrome.storing.title = words;
  chrome.retry.hidden = state !== "not_stored";
  buttons.enable("edit.save", !work.readOnly && !work.saving && work.unsaved > 0);
  buttons.enable("edit.undo", !work.readOnly && (work.history.undoable !== null || fixing?.last === true));
  buttons.enable("edit.redo", !work.readOnly && work.history.redoable !== null);
  for (const name of TOOLS) buttons.enable(`tool.${name}`, !work.readOnly || LOOKING.includes(name));
  const chosen = work.readOnly ? 0 : work.selection.ids.size;
  for (const action of ONE) buttons.enable(action, chosen > 0);
  for (const action of TWO) buttons.enable(action, chosen > 1);
  for (const action of JUDGING) buttons.enable(action, !work.readOnly);
  buttons.enable("edit.paste", !work.readOnly);
  const locked = chosen > 0 && [...work.selection.ids].every((id) => work.store.isAside("locked", id));
  buttons.press("object.lock", locked);
}

function storingText(work: Work, kernel: State, t: Translate): [string, string] {
  if (!work.info) return ["none", ""];
  if (work.info.read_only) return ["read_only", t("editor.state.read_only")];
  if (work.saving) return ["saving", t("editor.state.saving")];
  const storing = work.storing;
  if (storing.state === "not_stored") {
    return ["not_stored", t("editor.state.not_stored", { n: storing.waiting, reason: storing.reason })];
  }
  if (storing.state === "storing") {
    return ["storing", t(kernel === "busy" ? "editor.state.waiting" : "editor.state.storing", { n: storing.waiting })];
  }
  if (work.unsaved) return ["stored", t("editor.state.stored", { n: work.unsaved })];
  const revision = work.info.base_revision;
  return ["saved", revision === null ? t("editor.state.none") : t("editor.state.saved", { revision })];
}
