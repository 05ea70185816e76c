// A person's random work in an open editor: pointer and key events on its stage, in pixels of an image of fifty outlines.
([width, height, seed]) => {
  const editor = () => [...document.querySelectorAll(".sw-editor")].at(-1);
  const stage = () => editor().querySelector(".sw-editor-stage");
  const MARGIN = 16;
  let luck = seed;
  const random = () => {
    luck = (luck + 0x6d2b79f5) | 0;
    let t = Math.imul(luck ^ (luck >>> 15), 1 | luck);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const point = (type, [x, y], init = {}) => {
    const box = stage().getBoundingClientRect();
    const scale = Math.min((box.width - 2 * MARGIN) / width, (box.height - 2 * MARGIN) / height);
    const clientX = box.left + (box.width - width * scale) / 2 + x * scale, clientY = box.top + (box.height - height * scale) / 2 + y * scale;
    stage().dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, pointerId: 1, pointerType: "mouse", clientX, clientY, ...init }));
  };
  const click = (at, init) => ["pointermove", "pointerdown", "pointerup"].forEach((type) => point(type, at, init));
  const along = (way, init) => {
    point("pointermove", way[0], init);
    point("pointerdown", way[0], init);
    for (let i = 1; i < way.length; i++) {
      for (let k = 1; k <= 4; k++) point("pointermove", way[i].map((to, axis) => way[i - 1][axis] + ((to - way[i - 1][axis]) * k) / 4), init);
    }
    point("pointerup", way.at(-1), init);
  };
  const press = (key, init = {}) => {
    for (const type of ["keydown", "keyup"]) stage().dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true, ...init }));
  };
  const some = (n) => Math.floor(n * random());
  const middle = () => [60 + 98 * some(10), 80 + 155 * some(5)];
  const near = ([x, y], reach) => [x + reach * (random() - 0.5), y + reach * (random() - 0.5)];
  const walk = (from, n, reach) => {
    const way = [from];
    while (way.length < n) way.push(near(way.at(-1), reach));
    return way;
  };
  const one = () => {
    press("v");
    const at = near(middle(), 20);
    click(at);
    return at;
  };
  const several = () => {
    press("v");
    const [x, y] = middle();
    along([[x - 90, y - 90], [x + 90, y + 90]]);
    return [x, y];
  };
  const reshape = (kind) => {
    one();
    press("t");
    const [menu, field] = ["select", ".sw-editor-field"].map((of) => editor().querySelector(`.sw-editor-settings ${of}`));
    menu.value = kind;
    menu.dispatchEvent(new Event("change"));
    field.value = String(0.5 + 10 * random());
    field.dispatchEvent(new Event("change"));
    press("Enter");
    press("Escape");
  };
  const ACTIONS = {
    move: () => { const at = one(); along([at, near(at, 60)]); },
    nudge: () => (one(), press(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"][some(4)], { shiftKey: true })),
    vertices: () => { const at = one(); press("e"); along([near(at, 60), near(at, 60)]); press("ArrowDown", { shiftKey: true }); },
    less: () => { const at = one(); press("e"); along([near(at, 80), near(at, 80)]); press("Delete"); },
    edge: () => { const [x, y] = one(); press("e"); for (let r = 24; r < 60; r += 4) along([[x + r, y], near([x + r + 12, y], 6)]); },
    freehand: () => (press("d"), along(walk(near(middle(), 60), 12, 60)), press("Escape")),
    polygon: () => (press("d"), walk(near(middle(), 60), 5, 120).forEach((at) => click(at)), press("Enter"), [1, 2, 3, 4, 5].forEach(() => press("Escape"))),
    rectangle: () => { const at = middle(); press("r"); along([near(at, 90), near(at, 90)]); },
    ellipse: () => { const at = middle(); press("l"); along([near(at, 90), near(at, 90)]); },
    hole: () => { const at = one(); press("l"); press("i"); along([near(at, 40), near(at, 40)]); press("i"); },
    brush: () => { const at = one(); press("b"); along(walk(at, 5, 60)); },
    eraser: () => { const at = one(); press("B", { shiftKey: true }); along(walk(near(at, 60), 5, 60)); },
    slice: () => { const [x, y] = one(); press("s"); along([near([x - 90, y], 60), near([x, y], 40), near([x + 90, y], 60)]); press("Escape"); },
    merge: () => (several(), press("m")),
    subtract: () => (several(), press("M", { shiftKey: true })),
    intersect: () => (several(), press("N", { shiftKey: true })),
    fill: () => (several(), press("g")),
    free: () => { point("pointermove", one()); press("I", { shiftKey: true }); },
    simplify: () => reshape("simplify"),
    smooth: () => reshape("smooth"),
    grow: () => reshape("grow"),
    shrink: () => reshape("shrink"),
    duplicate: () => (one(), press("d", { ctrlKey: true })),
    class: () => (one(), press(String(1 + some(2)))),
    primary: () => (one(), press("p")),
    delete: () => (one(), press("Delete")),
    undo: () => press("z", { ctrlKey: true }),
    redo: () => press("Z", { ctrlKey: true, shiftKey: true }),
  };
  // Every operation that the page makes goes through its journal.
  const put = IDBObjectStore.prototype.put;
  const made = new Map();
  IDBObjectStore.prototype.put = function (kept, ...rest) {
    if (kept.operation && !made.has(kept.id)) made.set(kept.id, kept.operation);
    return put.call(this, kept, ...rest);
  };
  const names = Object.keys(ACTIONS);
  const done = {};
  const count = () => Number(editor().querySelector(".sw-editor-count").textContent.replace(/\D/g, ""));
  const rest = () => new Promise((resolve) => setTimeout(resolve));
  const steps = () => new Set([...made.values()].map(({ step }) => step)).size;
  window.swReplay = {
    steps, count, done,
    made: () => [...made.values()].map(({ id, kind, outline, className, step, rings }) => ({ id, kind, outline, className, step, rings: rings && rings.map((ring) => [...ring]) })),
    /** Work until so many steps more were made. */
    work: async (more) => {
      for (const end = steps() + more; steps() < end;) {
        const name = names[some(names.length)], before = steps();
        ACTIONS[name]();
        await rest();
        if (steps() > before) done[name] = (done[name] ?? 0) + 1;
        if (count() > 90) {
          press("v");
          along([[0, 0], [width, height / 2]]);
          press("Delete");
        }
      }
    },
    /** Undo all there is; returns how many steps. */
    undo: async () => {
      const button = editor().querySelector("button[data-action='edit.undo']");
      let undone = 0;
      press("v");
      for (; !button.disabled; undone++) {
        press("z", { ctrlKey: true });
        await rest();
      }
      return undone;
    },
    copy: () => (press("v"), press("a", { ctrlKey: true }), press("c", { ctrlKey: true })),
  };
}
