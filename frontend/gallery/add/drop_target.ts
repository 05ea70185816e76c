/** Makes an element take files that are dropped on it; while they hover over it, it has the class `sw-add-over`. */
import { filesOfDrop, type Found } from "./dropped";

export function takeDrops(element: HTMLElement, signal: AbortSignal, take: (found: Promise<Found[]>) => void): void {
  let depth = 0; // leaving a child is no leaving
  const listen = (name: "dragenter" | "dragover" | "dragleave" | "drop", handler: (transfer: DataTransfer) => void) =>
    element.addEventListener(
      name,
      (event) => {
        const transfer = event.dataTransfer;
        if (!transfer?.types.includes("Files")) return;
        event.preventDefault(); // or the browser opens the file in place of the page
        event.stopPropagation();
        handler(transfer);
        element.classList.toggle("sw-add-over", depth > 0);
      },
      { signal },
    );
  listen("dragenter", () => (depth += 1));
  listen("dragleave", () => (depth = Math.max(0, depth - 1)));
  listen("dragover", (transfer) => (transfer.dropEffect = "copy"));
  listen("drop", (transfer) => {
    depth = 0;
    const found = filesOfDrop(transfer); // in this turn: later the list is empty
    found.catch(() => {}); // who takes them says why
    take(found);
  });
}
