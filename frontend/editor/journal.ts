/** Operations the kernel has not acknowledged, kept in IndexedDB: a reload or a dead kernel loses nothing. */

import type { Operation } from "./operations";

/** What an operation was made on. */
export interface Place {
  project: string;
  image: number;
  base: number | null;
  /** Of the image; what an older page kept has none. */
  name?: string;
}

export interface Kept extends Place {
  id: string;
  /** Order in which they were made. */
  at: number;
  operation: Operation;
}

const STORE = "operations";
/** What the browser does not keep (private windows may forbid it) is here for as long as the page is. */
const here = new Map<string, Kept>();
/** When the last was kept: what is made within a millisecond, or while a clock is set back, keeps its order. */
let last = 0;
let opening: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open("spheroseg-editor", 1);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(STORE, { keyPath: "id" });
      store.createIndex("image", ["project", "image"]);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }).catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T> | void): Promise<T> {
  const transaction = (await database()).transaction(STORE, mode);
  const request = act(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve((request?.result ?? undefined) as T);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export async function keep(place: Place, operations: readonly Operation[]): Promise<void> {
  last = Math.max(Date.now(), last);
  const all = operations.map((operation): Kept => ({ ...place, id: operation.id, at: (last += 0.001), operation }));
  await run("readwrite", (store) => all.forEach((one) => store.put(one))).catch(() => all.forEach((one) => here.set(one.id, one)));
}

export async function drop(ids: readonly string[]): Promise<void> {
  for (const id of ids) here.delete(id);
  await run("readwrite", (store) => ids.forEach((id) => store.delete(id))).catch(() => undefined);
}

/** What is kept of a project's images, oldest first; of every revision it was made on. */
export async function kept(project: string): Promise<Kept[]> {
  const whole = IDBKeyRange.bound([project], [project, []]);
  const found = await run<Kept[]>("readonly", (store) => store.index("image").getAll(whole) as IDBRequest<Kept[]>).catch(() => []);
  return [...found, ...[...here.values()].filter((one) => one.project === project)].sort((a, b) => a.at - b.at);
}
