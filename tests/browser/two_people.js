// What a page makes, and what becomes of it: every operation goes into the browser's journal, and out of it when it is answered.
(() => {
  const made = [], dropped = [], said = [];
  const { put, delete: remove } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (kept, ...rest) {
    if (kept.operation) made.push([kept.id, kept.image]);
    return put.call(this, kept, ...rest);
  };
  IDBObjectStore.prototype.delete = function (id, ...rest) {
    if (this.name === "operations") dropped.push(id);
    return remove.call(this, id, ...rest);
  };
  const SAYS = ".sw-editor-said, .sw-editor-notices, .sw-editor-storing";
  const hear = () => {
    for (const one of document.querySelectorAll(SAYS)) {
      if (one.textContent && !said.slice(-6).includes(one.textContent)) said.push(one.textContent);
    }
  };
  addEventListener("DOMContentLoaded", () => new MutationObserver(hear).observe(document, { subtree: true, childList: true, characterData: true }));
  const all = () =>
    new Promise((resolve) => {
      const opening = indexedDB.open("spheroseg-editor");
      opening.onerror = () => resolve([]);
      opening.onupgradeneeded = () => opening.transaction.abort(); // no page was here yet
      opening.onsuccess = () => {
        const asked = opening.result.transaction("operations").objectStore("operations").getAllKeys();
        asked.onsuccess = () => (opening.result.close(), resolve(asked.result));
      };
    });
  window.swPeople = {
    take: async () => ({ made: made.splice(0), dropped: dropped.splice(0), said: said.splice(0), kept: await all() }),
  };
})();
