/** The programs: the image, the lines, the fills, both of these in one. Lengths are device pixels, places image pixels. */

import { FARTHEST } from "./band";
import { SIDES, SPOT } from "./spot";
import { ROW } from "./storage";

const HEAD = "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision highp usampler2D;\nprecision highp sampler2D;\n";

/**
 * Bits of a vertex's meta word beside the class in its lowest byte: `gap` is no vertex, but what parts two rings. From bit
 * 12 on, ten bits each, the way across the line.
 */
export const META = { hole: 1 << 8, border: 1 << 9, lowConfidence: 1 << 10, gap: 1 << 11 } as const;

const PLACE = `
uniform vec2 canvas;   // device pixels
uniform vec3 view;     // scale, x, y in device pixels
vec2 onScreen(vec2 at) { return at * view.x + view.yz; }
vec4 clip(vec2 screen) { return vec4(screen / canvas * vec2(2, -2) + vec2(-1, 1), 0, 1); }
`;

/** The number at a place between texels: read at once where the device filters floats, else of four. */
const READ = "float read(vec2 p) { return texture(plane, p * texel).r; }";
const READ_BETWEEN = `
float one(vec2 p) { return texture(plane, p * texel).r; }
float read(vec2 p) {
  vec2 f = fract(p - 0.5), i = p - f;
  return mix(mix(one(i), one(i + vec2(1, 0)), f.x), mix(one(i + vec2(0, 1)), one(i + vec2(1, 1)), f.x), f.y);
}`;

export const IMAGE = {
  vertex: `${HEAD}${PLACE}
uniform vec2 corner;   // of what is drawn, and its size
uniform vec2 size;
out vec2 at;           // image pixels
void main() {
  at = corner + vec2(gl_VertexID & 1, gl_VertexID >> 1) * size;
  gl_Position = clip(onScreen(at));
}`,
  // Enlarged far, pixels are seen as the squares they are. Shrunk, by less than half, each is the mean of the four around it,
  // or of the two or one where they are the same: it is what is read where they meet.
  fragment: (filtered: boolean, gamma: boolean) => `${HEAD}
uniform sampler2D plane;
uniform vec2 window;     // texel's number shown black, and 1 / (white - black)
uniform vec2 tone;       // gamma, and 1 where black is shown white
uniform vec2 first;      // the plane's texel that is the first one here
uniform float perTexel;  // image pixels a texel
uniform float snapped;   // 1 where it is read in the middle of a texel, or of two
uniform float apart;     // of two: texels to both sides of the place
uniform vec2 texel;      // 1 / size of the texture
in vec2 at;
out vec4 colour;
${filtered ? READ : READ_BETWEEN}
void main() {
  vec2 p = at / perTexel - first;
  p = mix(p, (floor(p - apart) + floor(p + apart)) * 0.5 + 0.5, snapped);
  float grey = clamp((read(p) - window.x) * window.y, 0.0, 1.0);
${gamma ? "  grey = pow(grey, tone.x);" : ""}
  colour = vec4(vec3(abs(tone.y - grey)), 1);
}`,
};

/** Over the vertex part of the image: a probability map, of `covered` image pixels, where the image is. */
export const HEAT = `${HEAD}
uniform sampler2D map;
uniform sampler2D colours;   // of the 256 probabilities; alpha is how much is seen
uniform vec2 covered;
uniform vec2 whole;          // size of the image
uniform float strength;
in vec2 at;
out vec4 colour;
void main() {
  if (at.x > whole.x || at.y > whole.y) discard;
  float probability = texture(map, at / covered).r;
  vec4 ink = texture(colours, vec2((probability * 255.0 + 0.5) / 256.0, 0.5));
  colour = vec4(ink.rgb, 1) * ink.a * strength;
}`;

/** What was drawn apart, laid over the whole canvas. */
export const FADED = {
  vertex: `${HEAD}
out vec2 place;
void main() {
  place = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(place * 2.0 - 1.0, 0, 1);
}`,
  fragment: `${HEAD}
uniform sampler2D drawn;
uniform float opacity;
in vec2 place;
out vec4 colour;
void main() { colour = texture(drawn, place) * opacity; }`,
};

/** Vertices are texels: x, y and the length so far as floats, and the meta word. */
const FETCH = `
uniform usampler2D vertices;
uniform vec3 palette[8];
uvec4 vertex(int n) { return texelFetch(vertices, ivec2(n % ${ROW}, n / ${ROW}), 0); }
vec2 away(uint word) { return (vec2(word >> 12 & 1023u, word >> 22) / 511.5 - 1.0) * ${FARTHEST.toFixed(1)}; }
`;

/** The colour of what is filled, and whether it is hatched. */
const INK = `
flat out vec4 ink;
flat out float hatched;
void dip(uint word) {
  ink = vec4(palette[word & 7u], 1);
  hatched = (word & ${META.lowConfidence}u) != 0u ? 1.0 : 0.0;
}
`;

/**
 * How strongly a fill covers a pixel. Low confidence is hatched: it must be seen without colour. Without a branch, which
 * costs more than what is computed in vain.
 */
const COVER = `
uniform float strength;
uniform float ratio;
flat in vec4 ink;
flat in float hatched;
float cover() {
  return mix(strength, 0.6, hatched * float(mod(gl_FragCoord.x + gl_FragCoord.y, 9.0 * ratio) < 1.6 * ratio));
}
`;

/** The same of a line and what is within it, of a pixel that lies so far beyond the middle of the line. */
const LINED = `${COVER}
uniform float reach;     // device pixels from the middle of the line to its edge
out vec4 colour;
void draw(float beyond) {
  colour = ink * mix(cover() * float(beyond < 0.0), 1.0, clamp(reach - abs(beyond), 0.0, 1.0));
}
`;

/** The two parts of the way across a line, from -FARTHEST to FARTHEST, as ten bits each above the meta word's others. */
export function packAcross(x: number, y: number): number {
  const ten = (value: number) => Math.round((value / FARTHEST + 1) * 511.5);
  return (ten(x) << 12) | (ten(y) << 22);
}

export const LINES = {
  // A strip with two corners a vertex; between two rings it goes on without area, as its corners repeat their neighbours'.
  vertex: `${HEAD}${PLACE}${FETCH}
uniform float reach;      // device pixels from the middle of the line to its edge
uniform int first;
uniform vec2 dash;        // device pixels from one dash to the next, and which part of them the dash of a hole takes
uniform vec4 halo;        // alpha 0: the class decides
out float across;
out float along;          // dashes
flat out float solid;
flat out vec4 ink;
void main() {
  int number = first + (gl_VertexID >> 1), side = gl_VertexID & 1;
  uvec4 here = vertex(number);
  if ((here.w & ${META.gap}u) != 0u) {
    here = vertex(number + 2 * side - 1);
    side = 1 - side;
  }
  vec3 from = uintBitsToFloat(here.xyz);
  across = side == 0 ? reach : -reach;
  along = from.z * view.x / dash.x;
  solid = (here.w & ${META.hole}u) != 0u ? dash.y : 1.0;
  ink = halo.a > 0.0 ? vec4(halo.rgb, 1) * halo.a : vec4(palette[here.w & 7u], 1);
  gl_Position = clip(onScreen(from.xy) + away(here.w) * across);
}`,
  fragment: `${HEAD}
uniform float reach;
in float across;
in float along;
flat in float solid;
flat in vec4 ink;
out vec4 colour;
void main() {
  colour = ink * clamp(reach - abs(across), 0.0, 1.0) * float(fract(along) <= solid);
}`,
};

export const FILL = {
  vertex: `${HEAD}${PLACE}${FETCH}${INK}
void main() {
  uvec4 here = vertex(gl_VertexID);
  dip(here.w);
  gl_Position = clip(onScreen(uintBitsToFloat(here.xy)));
}`,
  fragment: `${HEAD}${COVER}
out vec4 colour;
void main() { colour = ink * cover(); }`,
};

/** Line and fill of small outlines, as fans (`fan.ts`). */
export const FAN = {
  // A triangle has what is flat of its last corner: its part of the line ends there, and begins at the vertex before.
  vertex: `${HEAD}${PLACE}${FETCH}${INK}
uniform float reach;
flat out vec3 edge;      // times a place of the canvas and 1: how far beyond the line it lies
void main() {
  uvec4 here = vertex(gl_VertexID), before = vertex(max(gl_VertexID - 1, 0));
  vec2 place = onScreen(uintBitsToFloat(here.xy)), line = place - onScreen(uintBitsToFloat(before.xy));
  // At a corner that is cut off both are one vertex.
  vec2 beyond = line == vec2(0) ? -away(before.w) - away(here.w) : vec2(line.y, -line.x);
  beyond /= max(length(beyond), 1e-6);
  edge = vec3(beyond.x, -beyond.y, beyond.y * canvas.y - dot(beyond, place));
  dip(here.w);
  gl_Position = clip(place - ((here.w & ${META.gap}u) != 0u ? vec2(0) : away(here.w) * reach));
}`,
  fragment: `${HEAD}${LINED}
flat in vec3 edge;
void main() { draw(dot(edge, vec3(gl_FragCoord.xy, 1))); }`,
};

/** Directions of a quarter of the sides: to the right, and so far down. */
const QUARTER = [0, 1, 2, 3].map((side) => (2 * Math.PI * side) / SIDES);
const four = (values: number[]) => `vec4(${values.map((value) => value.toFixed(7)).join()})`;

/** Line and fill of outlines of few pixels, as points (`spot.ts`). */
export const SPOTS = {
  vertex: `${HEAD}${PLACE}${FETCH}${INK}
uniform float reach;
uniform int first;
flat out vec2 middle;    // of the canvas from below
flat out vec4 sides[4];  // device pixels from there
void main() {
  int number = first + ${SPOT} * gl_VertexID;
  uvec4 here = vertex(number), parts = vertex(number + 1);
  vec2 place = onScreen(uintBitsToFloat(here.xy));
  float farthest = uintBitsToFloat(here.z) * view.x / 255.0;
  for (int i = 0; i < 4; i++) sides[i] = vec4(uvec4(parts[i], parts[i] >> 8, parts[i] >> 16, parts[i] >> 24) & 255u) * farthest;
  middle = vec2(place.x, canvas.y - place.y);
  dip(here.w);
  // Some devices draw a point only where its middle is in sight: beyond the edge it is drawn from there, and covers as much.
  gl_Position = clip(clamp(place, vec2(0.5), canvas - 0.5));
  gl_PointSize = 2.0 * (max(max(sides[0].x, sides[1].x), max(sides[2].x, sides[3].x)) + reach);
}`,
  fragment: `${HEAD}${LINED}
flat in vec2 middle;
flat in vec4 sides[4];
const vec4 COS = ${four(QUARTER.map(Math.cos))}, SIN = ${four(QUARTER.map(Math.sin))};
void main() {
  vec2 from = gl_FragCoord.xy - middle;
  vec4 right = from.x * COS - from.y * SIN, down = -from.y * COS - from.x * SIN;
  vec4 most = max(max(right - sides[0], down - sides[1]), max(-right - sides[2], -down - sides[3]));
  draw(max(max(most.x, most.y), max(most.z, most.w)));
}`,
};

/** Compile and link; throws with the driver's words. */
export function program(gl: WebGL2RenderingContext, source: { vertex: string; fragment: string }): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, source.vertex], [gl.FRAGMENT_SHADER, source.fragment]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) {
    const logs = gl.getAttachedShaders(made)!.map((shader) => gl.getShaderInfoLog(shader) ?? "");
    throw new Error([gl.getProgramInfoLog(made), ...logs].filter(Boolean).join("\n"));
  }
  return made;
}
