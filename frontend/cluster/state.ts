/** How a cluster stands: `widgets/cluster_monitor.py` as the trait carries it. */
export interface Worker {
  address: string;
  name: string;
  host: string;
  status: string;
  threads: number;
  /** Percent of one core. */
  cpu: number;
  memory: number;
  /** 0 is none. */
  memory_limit: number;
  executing: number;
  ready: number;
  /** Null until it has told. */
  models: string[] | null;
}

export interface Dashboard {
  /** Empty where none can be opened: `why` says why. */
  address: string;
  /** Where the kernel's machine serves it. */
  port: number | null;
  why: "" | "none" | "no_bokeh";
}

export interface Cluster {
  state: "connecting" | "live" | "gone" | "silent" | "apart";
  /** Why it is silent. */
  reason: string;
  /** Further clusters that are open. */
  others: number;
  id: number;
  local: boolean;
  address: string;
  host: string;
  wanted: number | null;
  most: number;
  scalable: boolean;
  adapts: [number, number] | null;
  dashboard: Dashboard;
  workers: Worker[];
  count: number;
  cpu: number;
  memory: number;
  executing: number;
  ready: number;
}

/** What the trait says where no cluster is open; it is empty before anything is known. */
export type Shown = Cluster | { state?: "none" };

export function isOpen(shown: Shown): shown is Cluster {
  return shown.state !== undefined && shown.state !== "none";
}

/**
 * The address of a port of the server's machine through Jupyter's proxy; null where this page has none.
 *
 * The page says what its server has: JupyterLab lists the extensions that it brought, and the proxy brings one.
 */
export function throughProxy(port: number | null, page: Document = document): string | null {
  if (port === null) return null;
  try {
    const told: unknown = JSON.parse(page.getElementById("jupyter-config-data")?.textContent ?? "");
    const { appUrl, baseUrl, federated_extensions: extensions } = told as {
      appUrl?: string;
      baseUrl?: string;
      federated_extensions?: { name?: string }[];
    };
    if (appUrl?.startsWith("voila")) return null; // it lists them too, and its own server has none
    const proxy = extensions?.some(({ name }) => name?.includes("jupyter-server-proxy"));
    // A path of this server and nothing else: "//host" would be another one.
    if (!proxy || baseUrl === undefined || !/^\/(?!\/)/.test(baseUrl)) return null;
    return `${baseUrl.replace(/\/*$/, "/")}proxy/${port}/status`;
  } catch {
    return null; // no page of Jupyter's
  }
}
