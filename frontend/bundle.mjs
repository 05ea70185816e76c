// How a script is made of its sources: for the package (build.mjs), and for the kernel of the tests (vitest.config.ts).
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));

/** Shaders are written for readers, and are text that no minifier looks into: comments and blanks are left out of them. */
const shaders = {
  name: "shaders",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]shaders\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8").replace(/[ \t]*\/\/.*$/gm, "").replace(/\n\s+/g, "\n");
      return { contents: text.replace(/ ?([=*,;{}()?:<>&|/]) ?/g, "$1"), loader: "ts" };
    });
  },
};

/** Bundle one entry; `define` puts values in place of names. */
export function bundle(name, entry, { outdir = here, define = {} } = {}) {
  return build({
    absWorkingDir: here,
    entryPoints: { [name]: entry },
    outdir,
    define,
    bundle: true,
    minify: true,
    format: "esm",
    mainFields: ["module", "main"], // what is meant for browsers is written for old ones, and larger
    // Of the predicates one is used; asked for by their index, all would come.
    alias: { "robust-predicates": join(here, "node_modules", "robust-predicates", "esm", "orient2d.js") },
    plugins: [shaders],
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    loader: { ".svg": "text" },
    metafile: true,
    write: false,
  });
}
