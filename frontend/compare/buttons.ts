/** Buttons of actions that have keys: named and explained from the tables of words and keys. */
import { button } from "../shared/frame";
import type { Translate } from "../shared/strings";
import { type Action, keysOf } from "./keys";

/** A button with a picture, or with the action's name. */
export function pushable(t: Translate, action: Action, run: () => void, picture?: Element): HTMLButtonElement {
  const name = t(`compare.action.${action}`);
  const element = button(picture ? "" : name, run, picture ? "sw-compare-icon" : "");
  element.dataset.action = action;
  element.title = `${name} (${keysOf(action)})`;
  if (picture) {
    element.append(picture);
    element.setAttribute("aria-label", name);
  }
  return element;
}
