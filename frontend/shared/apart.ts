/** For tests: whether what can be operated lies side by side, and within its place. */

const CONTROLS = "button, select, input, textarea, a[href]";
const SCROLLS = ["auto", "scroll"];

/** What lies over what, or sticks out of `place`, in words; of what is scrolled out of sight only the rest counts. */
export function overlaps(place: HTMLElement, except?: string): string[] {
  const edges = place.getBoundingClientRect();
  const controls = [...place.querySelectorAll<HTMLElement>(CONTROLS)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !(except && one.closest(except)))
    .map((one) => ({ one, box: seen(one, place) }))
    .filter(({ box }) => box.right > box.left && box.bottom > box.top);
  if (controls.length < 2) throw new Error("there is nothing that could lie over anything");
  const said: string[] = [];
  controls.forEach(({ one, box }, i) => {
    if (box.left < edges.left - 1 || box.right > edges.right + 1) said.push(`${named(one)} sticks out`);
    for (const other of controls.slice(i + 1)) {
      if (one.contains(other.one)) continue;
      const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (across > 1 && down > 1) said.push(`${named(one)} lies over ${named(other.one)}`);
    }
  });
  return said;
}

/** `overlaps` at all widths, each with its width. */
export function overlapsAt(place: HTMLElement, widths: Iterable<number>, except?: string): string[] {
  const said: string[] = [];
  for (const width of widths) {
    place.style.width = `${width}px`;
    said.push(...overlaps(place, except).map((words) => `${width} px: ${words}`));
  }
  return said;
}

export function* widths(from: number, to: number, step = 20): Generator<number> {
  for (let width = from; width <= to; width += step) yield width;
}

/** The part of an element that is not scrolled away; what is cut off without a way to scroll there is not left out. */
function seen(one: HTMLElement, place: HTMLElement): { left: number; right: number; top: number; bottom: number } {
  let { left, right, top, bottom } = one.getBoundingClientRect();
  for (let around = one.parentElement; around && around !== place; around = around.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(around);
    const box = around.getBoundingClientRect();
    if (SCROLLS.includes(overflowX)) [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
    if (SCROLLS.includes(overflowY)) [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
  }
  return { left, right, top, bottom };
}

function named(one: HTMLElement): string {
  return one.getAttribute("aria-label") || one.textContent?.trim().slice(0, 20) || one.className;
}
