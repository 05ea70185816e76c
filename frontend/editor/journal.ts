/** Operations the kernel has not acknowledged, kept in IndexedDB: a reload or a dead kernel loses nothing. */

import type { Operation } from "./operations";

/** What an operation was made on. */
export interface Place {
  project: string;
  image: number;
  base: number | null;
}

export interface Kept extends Place {
  id: string;
  /** Order in which they were made. */
  at: number;
  operation: Operation;
}

const STORE = "operations";
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
  const at = Date.now();
  await run("readwrite", (store) => {
    operations.forEach((operation, index) => {
      const kept: Kept = { ...place, id: operation.id, at: at + index / 1000, operation };
      store.put(kept);
    });
  });
}

export async function drop(ids: readonly string[]): Promise<void> {
  await run("readwrite", (store) => {
    for (const id of ids) store.delete(id);
  });
}

/** What is kept of an image, oldest first; of every revision it was made on. */
export async function kept(project: string, image: number): Promise<Kept[]> {
  const found = await run<Kept[]>("readonly", (store) => store.index("image").getAll([project, image]) as IDBRequest<Kept[]>);
  return found.sort((a, b) => a.at - b.at);
}
