/** What the notebook knows too, as traits: which outlines are selected, locked, hidden. A reloaded page finds it there. */

import { onTrait, type Model } from "../shared/types";
import type { Selection } from "./selection";
import type { Aside, OutlineStore } from "./store";

/** Milliseconds a selection rests before the kernel hears of it. */
const PAUSE = 80;

export function shareSelection(model: Model, selection: Selection, store: OutlineStore, signal: AbortSignal): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  selection.onChange(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      model.set("selected_ids", [...selection.ids]);
      model.save_changes();
    }, PAUSE);
  });
  signal.addEventListener("abort", () => clearTimeout(timer));
  onTrait<string[]>(model, "selected_ids", signal, (ids) => {
    selection.set(ids.filter((id) => store.slot(id) !== undefined));
  });
}

export function shareAside(model: Model, store: OutlineStore, kind: Aside, signal: AbortSignal): void {
  const trait = `${kind}_ids`;
  let taking = false;
  const take = (ids: readonly string[]) => {
    const wanted = new Set(ids);
    taking = true;
    store.setAside(kind, [...store.aside(kind)].filter((id) => !wanted.has(id)), false);
    store.setAside(kind, wanted, true);
    taking = false;
  };
  take(model.get<string[]>(trait));
  onTrait<string[]>(model, trait, signal, take);
  store.onAside((changed) => {
    if (changed !== kind || taking) return;
    model.set(trait, [...store.aside(kind)]);
    model.save_changes();
  });
}
