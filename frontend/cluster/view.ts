/** Draws a cluster: one line with its sums and verbs, its workers, and the way to Dask's dashboard. */
import { Asking } from "../shared/asking";
import { button, type Frame, make } from "../shared/frame";
import { bytes, count } from "../shared/numbers";
import type { State } from "../shared/rpc";
import { WorkerTable } from "./rows";
import { type Cluster, isOpen, type Shown, throughProxy } from "./state";

type Verb = "add" | "remove";

export class ClusterView {
  #cluster: Cluster | null = null;
  #connection: State = "connected";

  readonly #none: HTMLElement;
  readonly #line = make("div", "sw-cluster-line");
  readonly #name = make("strong", "sw-cluster-title");
  readonly #state = make("span", "sw-cluster-state");
  readonly #count = make("span");
  readonly #tasks = make("span", "sw-cluster-fact");
  readonly #cpu = make("span", "sw-cluster-fact");
  readonly #memory = make("span", "sw-cluster-fact");
  readonly #add: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;
  readonly #table: WorkerTable;
  readonly #more = make("p", "sw-cluster-foot");
  readonly #foot = make("div", "sw-cluster-foot");
  readonly #why = make("span");
  readonly #dashboard = make("span");
  readonly #others = make("span");
  readonly #asking: Asking<Verb>;

  constructor(
    private readonly frame: Frame,
    scale: (workers: number) => Promise<unknown>,
    private readonly readOnly = false,
  ) {
    const { t, root } = frame;
    const workers = (verb: Verb) => (this.#cluster?.wanted ?? 1) + (verb === "add" ? 1 : -1);
    this.#asking = new Asking<Verb>((verb) => scale(workers(verb)), () => this.#draw());
    this.#none = make("p", "sw-cluster-none", t("cluster.none"));
    this.#remove = button(t("cluster.remove"), () => this.#ask("remove", this.#remove));
    this.#add = button(t("cluster.add"), () => this.#ask("add", this.#add));
    this.#tasks.title = t("cluster.tasks_help");
    this.#cpu.title = t("cluster.cpu_help");
    this.#memory.title = t("cluster.memory_help");
    const head = make("div", "sw-cluster-head");
    head.append(this.#name, this.#state);
    const facts = make("div", "sw-cluster-facts");
    facts.append(this.#count, this.#tasks, this.#cpu, this.#memory);
    const verbs = make("div", "sw-cluster-verbs");
    verbs.append(this.#remove, this.#add);
    this.#line.append(head, facts, verbs);
    this.#table = new WorkerTable(t);
    this.#foot.append(this.#why, this.#dashboard, this.#others);
    root.append(this.#none, this.#line, this.#asking.note, this.#table.element, this.#more, this.#foot);
    this.#draw();
  }

  /** Whether a cluster is seen at work. */
  get live(): boolean {
    return this.#cluster?.state === "live" || this.#cluster?.state === "connecting";
  }

  show(shown: Shown): void {
    const { t } = this.frame;
    const before = this.#cluster;
    const now = isOpen(shown) ? shown : null;
    this.#cluster = now;
    if (before?.state === "live") {
      if (now?.state === "live" && now.count !== before.count) {
        this.frame.announce(t("cluster.said_workers", { n: now.count }));
      } else if (now === null || now.state === "gone") {
        this.frame.announce(t("cluster.said_gone"));
      }
    }
    this.#draw();
    if (now !== null) this.#drawDashboard(now);
  }

  setConnection(state: State): void {
    this.#connection = state;
    this.#draw();
  }

  /** No clock runs here: what is shown comes twice a second. */
  tick(): void {}

  #ask(verb: Verb, from: HTMLButtonElement): void {
    if (from.getAttribute("aria-disabled") !== "true") void this.#asking.ask(verb);
  }

  #draw(): void {
    const { t, root } = this.frame;
    const c = this.#cluster;
    this.#none.hidden = c !== null;
    this.#line.hidden = this.#foot.hidden = c === null;
    const stale = this.#connection === "lost" && c !== null;
    root.dataset.stale = String(stale || (c !== null && !this.live));
    if (c === null) {
      this.#table.element.hidden = this.#more.hidden = true;
      return;
    }
    this.#name.textContent = t(c.local ? "cluster.where_local" : "cluster.where_given", {
      host: c.host,
      address: c.address,
    });
    this.#name.title = c.address;
    const state = c.state === "live" ? "" : t(`cluster.state_${c.state}`, { reason: c.reason });
    this.#state.textContent = stale ? t("cluster.last_known") : state;
    this.#line.dataset.state = c.state;
    this.#drawSums(c);
    this.#table.show(c.workers);
    const rest = c.count - c.workers.length;
    this.#more.hidden = rest === 0;
    this.#more.textContent = t("cluster.more_workers", { n: rest });
    this.#others.textContent = c.others ? t("cluster.others", { n: c.others }) : "";
    this.#drawVerbs(c);
  }

  #drawSums(c: Cluster): void {
    const { t } = this.frame;
    const known = c.count > 0;
    const there = c.state === "live" && !known ? t("cluster.no_workers") : t("cluster.n_workers", { n: c.count });
    const coming = this.live && c.wanted !== null && c.wanted !== c.count;
    this.#count.textContent = coming ? `${there}, ${t("cluster.wanted", { n: c.wanted ?? 0 })}` : there;
    this.#count.hidden = !known && c.state !== "live";
    for (const fact of [this.#tasks, this.#cpu, this.#memory]) fact.hidden = !known;
    this.#tasks.textContent = t("cluster.tasks", { executing: count(c.executing), ready: count(c.ready) });
    this.#cpu.textContent = t("cluster.cpu_sum", { percent: count(c.cpu) });
    this.#memory.textContent = bytes(c.memory);
  }

  #drawVerbs(c: Cluster): void {
    const { t } = this.frame;
    this.#add.hidden = this.#remove.hidden = this.readOnly || !c.scalable;
    const wanted = c.wanted ?? c.count;
    const barred = this.#connection === "lost" || this.#asking.verb !== null;
    // Not `disabled`: that would take the focus away from whoever presses a button by the keyboard several times.
    bar(this.#add, barred || wanted >= c.most);
    bar(this.#remove, barred || wanted <= 1);
    this.#add.title = wanted >= c.most ? t("cluster.at_most", { most: c.most }) : t("cluster.add_help", { n: wanted + 1 });
    this.#remove.title = wanted <= 1 ? t("cluster.at_least") : t("cluster.remove_help", { n: wanted - 1 });
    const [least, most] = c.adapts ?? [0, 0];
    const why = c.adapts ? t("cluster.why_adapts", { least, most }) : c.local ? "" : t("cluster.why_given");
    this.#why.textContent = this.readOnly || !this.live ? "" : why;
    if (this.#connection === "busy") this.#asking.sayThatItWaits(t("common.click_waits"));
  }

  #drawDashboard(c: Cluster): void {
    const { t } = this.frame;
    const { address, port, why } = c.dashboard;
    const proxied = throughProxy(port);
    const told = this.live ? `${address} ${proxied} ${why}` : "";
    if (told === this.#dashboard.dataset.told) return; // so that the link keeps its focus
    this.#dashboard.dataset.told = told;
    if (!this.live) this.#dashboard.replaceChildren();
    else if (why) this.#dashboard.replaceChildren(t(`cluster.dashboard_${why}`));
    else {
      const link = make("a", "sw-cluster-link", t(proxied ? "cluster.dashboard" : "cluster.dashboard_at", { address }));
      link.href = proxied ?? address;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      const plain = port === null ? "cluster.dashboard_elsewhere" : "cluster.dashboard_plain";
      link.title = t(proxied ? "cluster.dashboard_opens" : plain);
      this.#dashboard.replaceChildren(link);
      if (!proxied) this.#dashboard.append(make("span", "sw-cluster-hint", t(plain)));
    }
  }
}

function bar(element: HTMLButtonElement, barred: boolean): void {
  element.setAttribute("aria-disabled", String(barred));
}
