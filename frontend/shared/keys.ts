/** Keys as tables write them and as people read them. */

/** The chord of a key event, written as in the table: "ctrl+shift+z", "?", "space". Command counts as Ctrl. */
export function chordOf(event: KeyboardEvent): string {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  // The shift that makes a sign out of a key belongs to the sign.
  const letterOrName = key.length > 1 || /\p{L}/u.test(key);
  // AltGr makes signs, as "[" on many keyboards, and is told as Ctrl with Alt by some systems.
  const sign = event.getModifierState("AltGraph") && !letterOrName;
  return [
    (event.ctrlKey || event.metaKey) && !sign ? "ctrl+" : "",
    event.altKey && !sign ? "alt+" : "",
    event.shiftKey && letterOrName ? "shift+" : "",
    key,
  ].join("");
}

const SIGNS: Record<string, string> = {
  arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓",
  ctrl: "Ctrl", shift: "Shift", alt: "Alt", delete: "Del", backspace: "Backspace", enter: "Enter", escape: "Esc", space: "Space",
  pageup: "PgUp", pagedown: "PgDn", home: "Home", end: "End",
};

/** How a chord is written for people: "Ctrl+Shift+Z". */
export function written(chord: string): string {
  const parts = chord === "+" ? ["+"] : chord.split("+");
  return parts.map((part) => SIGNS[part] ?? part.toUpperCase()).join("+");
}
