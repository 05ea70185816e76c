/**
 * What every widget has around its content: the root element, the connection banner, the error card, words for
 * screen readers, and the line to the kernel.
 *
 *     render({ model, el, signal }) {
 *       const { root, rpc, t, announce, fail } = mount(el, model, signal, { name: "gallery" });
 *       root.append(...);
 *     }
 */
import { Rpc, type State } from "./rpc";
import { type Translate, translator } from "./strings";
import { type Model, onTrait } from "./types";

export interface Frame {
  /** Where the widget puts its content. */
  root: HTMLElement;
  rpc: Rpc;
  t: Translate;
  /** The line above the content; `show` it for what lasts (a conflict, a lost kernel), it never vanishes by itself. */
  banner: Banner;
  /** Says a short sentence to screen readers. */
  announce(text: string): void;
  /** Shows the error card in place of the content; "Retry" removes it and calls `retry`. */
  fail(error: unknown, retry?: () => void): void;
  /** Removes the error card. */
  recover(): void;
  /** The value of a design token, for canvases: `token("--sw-surround")`. */
  token(name: string): string;
  /** Calls `handler` when the host's theme changes. */
  onTheme(handler: () => void): void;
}

export interface Banner {
  show(text: string, tone?: "info" | "warning" | "error", action?: { label: string; run: () => void }): void;
  hide(): void;
}

export function mount(el: HTMLElement, model: Model, signal: AbortSignal, options: { name: string }): Frame {
  const t = translator(model.get<Record<string, string>>("strings") ?? {});
  const outer = make("div", `sw-root sw-${options.name}`);
  // The host's keys stay away while the focus is in here. JupyterLab looks for the mark on what has the focus before it
  // looks at what is around it, so whatever gets the focus is marked as well.
  outer.dataset.lmSuppressShortcuts = "true";
  const mark = (event: Event) => ((event.target as HTMLElement).dataset.lmSuppressShortcuts = "true");
  outer.addEventListener("focusin", mark, { signal });
  outer.setAttribute("role", "group");
  outer.setAttribute("aria-label", t(`${options.name}.title`));

  const connection = bannerIn(outer);
  const banner = bannerIn(outer);
  const card = make("div", "sw-card");
  card.hidden = true;
  card.setAttribute("role", "alert");
  const root = make("div", "sw-content");
  const live = make("div", "sw-live");
  live.setAttribute("aria-live", "polite");
  outer.append(card, root, live);
  el.replaceChildren(outer);

  // JupyterLab and Voila mark the element of a widget whose kernel is gone.
  const isCut = () => el.closest(".jupyter-widgets-disconnected") !== null;
  const rpc = new Rpc(model, signal, isCut);
  const showState = (state: State) => {
    outer.dataset.kernel = state;
    if (state === "connected") connection.hide();
    else connection.show(t(`common.kernel_${state}`), state === "lost" ? "warning" : "info");
  };
  rpc.onState(showState);
  showState(rpc.state);

  const recover = () => {
    card.hidden = true;
    root.hidden = false;
  };
  const fail = (error: unknown, retry?: () => void) => {
    const text = make("p", "sw-card-text", messageOf(error));
    card.replaceChildren(make("strong", "sw-card-title", t("common.failed")), text);
    if (retry) {
      card.append(
        button(t("common.retry"), () => {
          recover();
          retry();
        }),
      );
    }
    card.hidden = false;
    root.hidden = true;
  };
  // The Python half failed as a whole: nothing is shown that could be taken for a result.
  const showError = (message: string) => (message ? fail(message, () => void reload()) : recover());
  const reload = async () => {
    try {
      await rpc.call("retry");
    } catch (error) {
      fail(error, () => void reload());
    }
  };
  onTrait<string>(model, "error", signal, showError);
  const error = model.get<string>("error");
  if (error) showError(error);

  return {
    root,
    rpc,
    t,
    banner,
    fail,
    recover,
    announce: (text) => (live.textContent = text),
    token: (name) => getComputedStyle(outer).getPropertyValue(name).trim(),
    onTheme: (handler) => watchTheme(handler, signal),
  };
}

/** An element with a class and a text; text is never parsed as HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

export function button(label: string, run: () => void, className = ""): HTMLButtonElement {
  const element = make("button", `sw-button ${className}`.trim(), label);
  element.type = "button";
  element.addEventListener("click", run);
  return element;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function bannerIn(parent: HTMLElement): Banner {
  const line = make("div", "sw-banner");
  line.setAttribute("role", "status");
  line.hidden = true;
  parent.append(line);
  return {
    show(text, tone = "info", action) {
      line.dataset.tone = tone;
      line.replaceChildren(make("span", "sw-banner-text", text));
      if (action) line.append(button(action.label, action.run));
      line.hidden = false;
    },
    hide() {
      line.hidden = true;
      line.replaceChildren();
    },
  };
}

function watchTheme(handler: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(handler);
  const filter = { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] };
  observer.observe(document.body, filter);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", handler, { signal });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
