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
