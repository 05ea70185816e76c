/** A page of its own for each test, and what is found on it. */
import { afterEach, beforeEach, vi } from "vitest";

export let page: HTMLElement;
/** As long as what is shown lives. */
export let life: AbortController;

/** Makes a page before each test and takes it away after, with what was mocked. */
export function freshPages(width = 1000): void {
  beforeEach(() => {
    page = document.createElement("div");
    page.style.width = `${width}px`;
    document.body.append(page);
    life = new AbortController();
  });
  afterEach(() => {
    life.abort();
    page.remove();
    vi.restoreAllMocks();
  });
}

/** Ends what is shown; another may be shown after it. */
export function leave(): void {
  life.abort();
  life = new AbortController();
}

export const one = <E extends HTMLElement = HTMLElement>(selector: string) => page.querySelector<E>(selector) as E;
export const all = (selector: string) => [...page.querySelectorAll<HTMLElement>(selector)];
export const soon = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 });
