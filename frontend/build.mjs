// Bundles every folder that has an index.ts into the Python package: one script and one style sheet a widget, and of a
// later.ts beside it a script, and its style sheet if it has one, that the widget asks for once it stands (shared/later.ts).
//   node build.mjs [--out FOLDER] [NAME...]      (all widgets unless named)
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { bundle, here } from "./bundle.mjs";

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
  const inputs = [];
  /** Write what is made of an entry; returns its text. */
  const make = async (file, entry, define) => {
    const { metafile, outputFiles } = await bundle(file, join(here, name, entry), { outdir: out, define });
    for (const { path, contents } of outputFiles) {
      writeFileSync(path, contents);
      console.log(`${(contents.length / 1000).toFixed(1).padStart(7)} KB  ${basename(path)}`);
    }
    inputs.push(...Object.keys(metafile.inputs));
    return outputFiles.map(({ text }) => text).join();
  };
  const define = {};
  if (existsSync(join(here, name, "later.ts"))) {
    const part = await make(`${name}_later`, "later.ts");
    define.LATER = JSON.stringify(createHash("sha256").update(part).digest("hex").slice(0, 12));
  }
  await make(name, "index.ts", define);
  const texts = notices(inputs);
  if (texts.length > 0) writeFileSync(join(out, `${name}.licenses.txt`), texts.join("\n----\n\n"));
}
