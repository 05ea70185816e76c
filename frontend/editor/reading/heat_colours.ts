/** Colours of probabilities: viridis, which rises in brightness and is read with any colour vision. */

const ANCHORS = [
  "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
] as const;
/** Below this probability the image shows through more and more: where there is nothing, nothing is painted. */
const CLEAR = 0.1;

const RGB = ANCHORS.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));

/** Red, green, blue and how much of it is seen (0..255 each), of the 256 probabilities of a map. */
export const HEAT_COLOURS: Uint8Array = Uint8Array.from({ length: 4 * 256 }, (_, i) => {
  const probability = (i >> 2) / 255;
  if (i % 4 === 3) return Math.round(255 * Math.min(1, probability / CLEAR));
  const place = probability * (RGB.length - 1);
  const first = Math.min(RGB.length - 2, Math.floor(place));
  return Math.round(RGB[first][i % 4] + (place - first) * (RGB[first + 1][i % 4] - RGB[first][i % 4]));
});

/** The same as a gradient of CSS, for a legend. */
export const HEAT_GRADIENT = `linear-gradient(to right, ${ANCHORS.join(", ")})`;
