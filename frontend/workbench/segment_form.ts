/** Which images, by which model: starts a run. */
import { type Frame, make } from "../shared/frame";
import { count } from "../shared/numbers";
import { type Model, onTrait } from "../shared/types";
import { Form, choice, chosen, freshName, group } from "../shared/form";

const WHICH = ["all", "new", "selected"] as const;
type Counts = Record<(typeof WHICH)[number], number>;

export class SegmentForm extends Form {
  readonly #model = make("select", "sw-form-field");
  readonly #counts: Partial<Counts> = {};
  readonly #name = freshName();
  readonly #inputs = new Map<string, HTMLLabelElement>();

  constructor(
    private readonly traits: Model,
    frame: Frame,
    private readonly ends: AbortSignal,
    private readonly done: (words: string) => void,
  ) {
    super(frame, ends, frame.t("workbench.start"));
    const { t } = frame;
    for (const which of WHICH) this.#inputs.set(which, choice("radio", this.#name, which, ""));
    const models = make("label", "sw-form-choice");
    for (const name of traits.get<string[]>("models")) this.#model.append(new Option(name, name));
    models.append(make("span", "", t("workbench.model")), this.#model);
    this.fill(group(t("workbench.which"), [...this.#inputs.values()]), models);
    this.element.addEventListener("change", () => this.#show());
    onTrait<number>(traits, "n_selected", ends, () => this.#show());
  }

  override opened(): void {
    const selected = this.traits.get<number>("n_selected") > 0;
    this.#input(selected ? "selected" : "all").checked = true;
    this.#show();
    super.opened();
    void this.#count();
  }

  async #count(): Promise<void> {
    try {
      const { value } = await this.frame.rpc.call<Counts>("counts", {}, { signal: this.ends });
      Object.assign(this.#counts, value);
      this.#show();
    } catch {
      // Without numbers the choices say what they are; starting tells what is wrong.
    }
  }

  protected async carryOut(): Promise<void> {
    const [which] = chosen(this.element, this.#name);
    const { value } = await this.frame.rpc.call<{ run: number; images: number }>(
      "segment", { which, model: this.#model.value }, { signal: this.ends },
    ); // prettier-ignore
    this.done(this.frame.t("workbench.started", { n: value.images, count: count(value.images), run: value.run }));
  }

  #input(which: string): HTMLInputElement {
    return this.#inputs.get(which)!.querySelector("input")!;
  }

  #show(): void {
    const { t } = this.frame;
    const numbers: Partial<Counts> = { ...this.#counts, selected: this.traits.get<number>("n_selected") };
    for (const which of WHICH) {
      const n = numbers[which];
      const words = n === undefined ? "" : ` (${count(n)})`;
      this.#inputs.get(which)!.querySelector("span")!.textContent = t(`workbench.which_${which}`) + words;
      this.#input(which).disabled = n === 0;
    }
    if (this.#input("selected").checked && !numbers.selected) this.#input("all").checked = true;
    const n = numbers[chosen(this.element, this.#name)[0] as keyof Counts];
    this.go.textContent = n ? t("workbench.start_n", { n, count: count(n) }) : t("workbench.start");
  }
}
