/** The ways in: files dropped or chosen, a folder that the kernel reads, the demo plate. Large while a project is empty. */
import { button, make } from "../../shared/frame";
import type { Translate } from "../../shared/strings";
import { filesOfInput, type Found } from "./dropped";
import { glyph } from "./glyphs";

export interface WaysTaken {
  files(found: Found[]): void;
  path(text: string): void;
  demo(): void;
  discard(): void;
}

export class Ways {
  readonly element = make("div", "sw-add-ways");
  readonly #drop = make("div", "sw-add-way sw-add-drop");
  readonly #path = make("div", "sw-add-way sw-add-path");
  readonly #demo = make("div", "sw-add-way sw-add-demo");
  readonly #limit = make("p", "sw-add-hint");
  readonly #left = make("p", "sw-add-left");
  readonly #field = make("input", "sw-add-field");
  readonly #files = make("input");
  readonly #folder = make("input");
  readonly #choose: HTMLButtonElement;

  constructor(
    private readonly t: Translate,
    private readonly taken: WaysTaken,
    { paths }: { paths: boolean },
  ) {
    this.#choose = make("button", "sw-add-zone");
    this.#choose.type = "button";
    const words = make("span", "sw-add-zone-words");
    words.append(make("strong", "", t("add.drop")), make("span", "sw-add-hint", t("add.drop_help")));
    this.#choose.append(glyph("drop"), words);
    this.#choose.addEventListener("click", () => this.#files.click());
    const folder = button(t("add.choose_folder"), () => this.#folder.click());
    this.#folder.webkitdirectory = true;
    for (const input of [this.#files, this.#folder]) {
      input.type = "file";
      input.multiple = true;
      input.hidden = true;
      input.tabIndex = -1;
      input.addEventListener("change", () => {
        const found = filesOfInput(input);
        input.value = ""; // so that the same file can be chosen again
        taken.files(found);
      });
    }
    const below = make("div", "sw-add-row");
    below.append(folder, this.#limit);
    this.#drop.append(this.#choose, below, this.#left, this.#files, this.#folder);

    const label = make("label", "sw-add-label");
    this.#field.type = "text";
    this.#field.placeholder = t("add.path_example");
    this.#field.spellcheck = false;
    this.#field.autocomplete = "off";
    label.append(make("strong", "", t("add.path")), make("span", "sw-add-hint", t("add.path_help")), this.#field);
    // Not a form: JupyterLab keeps Enter from submitting one.
    const look = () => {
      const text = this.#field.value.trim();
      if (text) taken.path(text);
      else this.#field.focus();
    };
    this.#field.addEventListener("keydown", (event) => event.key === "Enter" && look());
    this.#path.append(label, button(t("add.look"), look));
    this.#path.hidden = !paths;

    this.#demo.append(
      make("strong", "", t("add.demo")),
      make("span", "sw-add-hint", t("add.demo_help")),
      button(t("add.demo_try"), () => taken.demo()),
    );
    this.#demo.hidden = true;
    this.element.append(this.#drop, this.#path, this.#demo);
  }

  /** Says what an empty project shows, and what the kernel takes. */
  show({ empty, demo, images, tables, file_mb, batch_mb }: {
    empty: boolean; demo: boolean; images: string[]; tables: string[]; file_mb: number; batch_mb: number;
  }): void { // prettier-ignore
    this.element.classList.toggle("sw-add-large", empty);
    this.#demo.hidden = !empty || !demo;
    this.#limit.textContent = this.t("add.limits", { file: file_mb, batch: batch_mb });
    this.#files.accept = [...images, ...tables].join(",");
  }

  /** Names files that arrived in part, earlier: dropped again they go on. */
  showUnfinished(unfinished: [string, number, number][]): void {
    this.#left.hidden = unfinished.length === 0;
    if (unfinished.length === 0) return;
    const some = unfinished.slice(0, 4).map(([name, size, have]) => `${name} (${Math.floor((100 * have) / size)} %)`);
    const names = some.join(", ") + (unfinished.length > some.length ? ", …" : "");
    this.#left.replaceChildren(
      make("span", "", this.t("add.unfinished", { n: unfinished.length, names })),
      button(this.t("add.discard"), () => this.taken.discard()),
    );
  }

  focus(): void {
    this.#choose.focus();
  }

  /** Nothing can be begun while something is under way. */
  set busy(busy: boolean) {
    for (const element of this.element.querySelectorAll<HTMLButtonElement | HTMLInputElement>("button, input")) {
      element.disabled = busy;
    }
  }
}
