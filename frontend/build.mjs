// Bundles every folder that has an index.ts into the Python package: one script and one style sheet a widget.
//   node build.mjs [--out FOLDER] [NAME...]      (all widgets unless named)
import { build } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
const out = resolve(values.out ?? join(here, "..", "spheroseg_widgets", "widgets", "static"));

const widgets = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(here, entry.name, "index.ts")))
  .map((entry) => entry.name)
  .filter((name) => positionals.length === 0 || positionals.includes(name))
  .sort();

/** The folder of the package a bundled file belongs to, or null for our own files. */
function packageFolder(input) {
  const at = input.lastIndexOf("node_modules/");
  if (at < 0) return null;
  const [scope, name] = input.slice(at + "node_modules/".length).split("/");
  return join(here, input.slice(0, at), "node_modules", scope.startsWith("@") ? join(scope, name) : scope);
}

/** What the licences of bundled packages ask for: their text travels with the bundle. */
function notices(inputs) {
  const folders = [...new Set(inputs.map(packageFolder).filter(Boolean))].sort();
  return folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
}

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

/** Methods of packages that nothing here or in them calls: of a class a bundler keeps them all. */
const UNCALLED = {
  flatbush: ["static from", "collides", "neighbors"],
  splaytree: [
    "contains", "forEach", "range", "keys", "values", "min", "max", "at", "clear", "load", "toList", "isEmpty", "toString", "update", "split",
  ],
};

const uncalled = {
  name: "uncalled",
  setup({ onLoad }) {
    onLoad({ filter: /node_modules[\\/](flatbush|splaytree)[\\/].*\.js$/ }, ({ path }) => {
      const name = Object.keys(UNCALLED).find((one) => path.includes(`${one}/`) || path.includes(`${one}\\`));
      let contents = readFileSync(path, "utf8");
      for (const method of UNCALLED[name]) {
        const shorter = contents.replace(new RegExp(`\\n( +)${method}\\([^\\n]*\\{\\n[^]*?\\n\\1\\}`), "");
        if (shorter === contents) throw new Error(`${path}: ${method} is not there any more`);
        contents = shorter;
      }
      return { contents, loader: "js" };
    });
  },
};

mkdirSync(out, { recursive: true });
for (const name of widgets) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: { [name]: join(here, name, "index.ts") },
    outdir: out,
    bundle: true,
    minify: true,
    format: "esm",
    mainFields: ["module", "main"], // what is meant for browsers is written for old ones, and larger
    // Of the predicates one is used; asked for by their index, all would come.
    alias: { "robust-predicates": join(here, "node_modules", "robust-predicates", "esm", "orient2d.js") },
    plugins: [shaders, uncalled],
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    loader: { ".svg": "text" },
    metafile: true,
    write: false,
  });
  for (const file of outputFiles) {
    writeFileSync(file.path, file.contents);
    console.log(`${(file.contents.length / 1000).toFixed(1).padStart(7)} KB  ${file.path.split("/").at(-1)}`);
  }
  const texts = notices(Object.keys(metafile.inputs));
  if (texts.length > 0) writeFileSync(join(out, `${name}.licenses.txt`), texts.join("\n----\n\n"));
}
