/** The three programs: the image, the lines, the fills. Lengths are device pixels, places image pixels. */

import { ROW } from "./storage";

const HEAD = "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision highp usampler2D;\nprecision highp sampler2D;\n";

/** Bits of a vertex's meta word beside the class in its lowest byte. */
export const META = { hole: 1 << 8, border: 1 << 9, lowConfidence: 1 << 10, last: 1 << 11 } as const;

const PLACE = `
uniform vec2 canvas;   // device pixels
uniform vec3 view;     // scale, x, y in device pixels
vec2 onScreen(vec2 at) { return at * view.x + view.yz; }
vec4 clip(vec2 screen) { return vec4(screen / canvas * vec2(2, -2) + vec2(-1, 1), 0, 1); }
`;

/** A number between texels: one reading where the device filters numbers of so many bits, else four. */
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
  // Enlarged far, pixels are seen as the squares they are. Shrunk, by less than half, each is the mean of four: in the
  // middle between two texels along each axis the mean of them is read.
  fragment: (filtered: boolean, gamma: boolean) => `${HEAD}
uniform sampler2D plane;
uniform vec2 window;     // texel's number shown black, and 1 / (white - black)
uniform vec2 tone;       // gamma, and 1 where black is shown white
uniform vec2 first;      // the plane's texel that is the first one here
uniform float perTexel;  // image pixels a texel
uniform float apart;     // texels from the place to those that are read, and 1 where they are read as they are
uniform float snapped;
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
uvec4 vertex(int n) { return texelFetch(vertices, ivec2(n % ${ROW}, n / ${ROW}), 0); }
`;

export const LINES = {
  // Six corners a segment, drawn as a capsule; a ring's last vertex starts no segment.
  vertex: `${HEAD}${PLACE}${FETCH}
uniform float halfWidth;
uniform int first;
out vec3 local;                      // along, across, length of the segment
flat out uint word;
flat out float before;
void main() {
  int number = first + gl_VertexID / 6, turn = gl_VertexID % 6;
  int at = turn < 3 ? turn : turn == 3 ? 2 : turn == 4 ? 1 : 3;
  uvec4 start = vertex(number);
  vec3 from = uintBitsToFloat(start.xyz);
  vec2 to = uintBitsToFloat(vertex(number + 1).xy);
  word = start.w;
  if ((word & ${META.last}u) != 0u) { gl_Position = vec4(2, 2, 2, 1); return; }
  vec2 a = onScreen(from.xy), b = onScreen(to);
  float size = length(b - a);
  vec2 along = size > 0.0 ? (b - a) / size : vec2(1, 0), across = vec2(-along.y, along.x);
  float reach = halfWidth + 1.0;
  vec2 corner = vec2((at & 1) == 0 ? -reach : size + reach, (at >> 1) == 0 ? -reach : reach);
  local = vec3(corner, size);
  before = from.z * view.x;
  gl_Position = clip(a + along * corner.x + across * corner.y);
}`,
  fragment: `${HEAD}
uniform float halfWidth;
uniform vec3 dash;        // period, gap (device pixels), 1 where holes are dashed
uniform vec3 palette[8];
uniform vec4 halo;        // alpha 0: the class decides
in vec3 local;
flat in uint word;
flat in float before;
out vec4 colour;
void main() {
  float beyond = max(max(-local.x, local.x - local.z), 0.0);
  float alpha = clamp(halfWidth + 0.5 - length(vec2(beyond, local.y)), 0.0, 1.0);
  if ((word & ${META.hole}u) != 0u && dash.z > 0.0 && mod(before + local.x, dash.x) > dash.x - dash.y) alpha = 0.0;
  vec4 ink = halo.a > 0.0 ? halo : vec4(palette[word & 7u], 1);
  colour = vec4(ink.rgb, 1) * ink.a * alpha;
}`,
};

export const FILL = {
  vertex: `${HEAD}${PLACE}${FETCH}
flat out uint word;
void main() {
  uvec4 here = vertex(gl_VertexID);
  word = here.w;
  gl_Position = clip(onScreen(uintBitsToFloat(here.xy)));
}`,
  // Low confidence is hatched: it must be seen without colour.
  fragment: `${HEAD}
uniform vec3 palette[8];
uniform float strength;
uniform float ratio;
flat in uint word;
out vec4 colour;
void main() {
  float alpha = strength;
  if ((word & ${META.lowConfidence}u) != 0u && mod(gl_FragCoord.x + gl_FragCoord.y, 9.0 * ratio) < 1.6 * ratio) alpha = 0.6;
  colour = vec4(palette[word & 7u] * alpha, alpha);
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
