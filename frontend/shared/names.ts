/** Names that are longer than their place. */

const TAIL = 10;

/** Cuts a name so that its middle may be left out: the end holds the time and the suffix. */
export function halves(name: string): [string, string] {
  const letters = Array.from(name); // a surrogate pair is one letter
  const tail = Math.min(TAIL, Math.floor(letters.length / 2));
  return [letters.slice(0, letters.length - tail).join(""), letters.slice(letters.length - tail).join("")];
}
