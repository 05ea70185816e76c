/** The table of a cluster's workers: a row is made once and filled, so that a selection of text stays. */
import { make } from "../shared/frame";
import { bytes, count } from "../shared/numbers";
import type { Translate } from "../shared/strings";
import type { Worker } from "./state";

const COLUMNS = ["worker", "cpu", "memory", "at_work", "model"] as const;
const STATUSES: Record<string, string> = {
  paused: "status_paused",
  closing: "status_closing",
  closing_gracefully: "status_closing",
  init: "status_starting",
};
/** From this share of its limit on a worker is short of memory: Dask pauses it at 80 %. */
const SHORT = 0.8;

export class WorkerTable {
  readonly element = make("div", "sw-list sw-cluster-list");
  readonly #rows = new Map<string, Row>();
  readonly #body: HTMLTableSectionElement;

  constructor(private readonly t: Translate) {
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", t("cluster.list"));
    const table = make("table", "sw-table");
    const head = table.createTHead().insertRow();
    for (const name of COLUMNS) {
      const cell = make("th", "", t(`cluster.${name}`));
      cell.scope = "col";
      if (name === "cpu") cell.title = t("cluster.cpu_help");
      if (name === "at_work") cell.title = t("cluster.tasks_help");
      head.append(cell);
    }
    this.#body = table.createTBody();
    this.element.append(table);
  }

  show(workers: Worker[]): void {
    this.element.hidden = workers.length === 0;
    const there = new Set(workers.map((worker) => worker.address));
    for (const [address, row] of this.#rows) {
      if (there.has(address)) continue;
      row.element.remove();
      this.#rows.delete(address);
    }
    workers.forEach((worker, place) => {
      let row = this.#rows.get(worker.address);
      if (row === undefined) this.#rows.set(worker.address, (row = new Row(this.t)));
      if (this.#body.rows[place] !== row.element) this.#body.insertBefore(row.element, this.#body.rows[place] ?? null);
      row.show(worker);
    });
  }
}

class Row {
  readonly element = make("tr");
  readonly #name = make("th", "sw-cluster-name");
  readonly #status = make("span", "sw-cluster-status");
  readonly #label = make("span");
  readonly #cpu = new Meter();
  readonly #memory = new Meter();
  readonly #limit = make("span", "sw-cluster-limit");
  readonly #tasks = make("td", "sw-cluster-tasks");
  readonly #model = make("td", "sw-cluster-model");

  constructor(private readonly t: Translate) {
    this.#name.scope = "row";
    this.#name.append(this.#label, this.#status);
    this.#memory.text.after(this.#limit);
    this.element.append(this.#name, this.#cpu.cell, this.#memory.cell, this.#tasks, this.#model);
  }

  show(worker: Worker): void {
    const { t } = this;
    this.#label.textContent = worker.name;
    this.#name.title = `${worker.host} (${worker.address})`;
    const status = STATUSES[worker.status];
    this.#status.textContent = status ? t(`cluster.${status}`) : "";
    this.#status.title = worker.status === "paused" ? t("cluster.paused_help") : "";
    this.#cpu.show(worker.cpu / (100 * worker.threads), t("cluster.percent", { percent: Math.round(worker.cpu) }));
    const share = worker.memory_limit ? worker.memory / worker.memory_limit : 0;
    this.#memory.show(share, bytes(worker.memory));
    this.#memory.cell.dataset.short = String(share >= SHORT);
    const limit = bytes(worker.memory_limit);
    this.#limit.textContent = worker.memory_limit ? ` ${t("cluster.of_limit", { limit })}` : "";
    const { executing, ready } = worker;
    const tasks = ready ? "at_work_and" : executing ? "only_at_work" : "idle";
    this.#tasks.textContent = t(`cluster.${tasks}`, { executing: count(executing), ready: count(ready) });
    this.#tasks.dataset.none = String(executing + ready === 0);
    const models = worker.models;
    this.#model.textContent = models === null ? t("cluster.model_unknown") : models.join(", ") || t("cluster.no_model");
    this.#model.dataset.none = String(!models?.length);
  }
}

/** A cell with a bar and the number it stands for. */
class Meter {
  readonly cell = make("td", "sw-cluster-meter");
  readonly text = make("span");
  readonly #fill = make("span", "sw-cluster-fill");

  constructor() {
    const bar = make("span", "sw-cluster-bar");
    bar.setAttribute("aria-hidden", "true");
    bar.append(this.#fill);
    this.cell.append(bar, this.text);
  }

  show(share: number, text: string): void {
    this.#fill.style.width = `${(100 * Math.min(1, Math.max(0, share))).toFixed(1)}%`;
    this.text.textContent = text;
  }
}
