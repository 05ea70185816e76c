// Tests run in a real Chromium: Debian's where it exists, else playwright's own (npx playwright install chromium).
import { existsSync } from "node:fs";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type Plugin } from "vitest/config";

import { bundle } from "./bundle.mjs";

const debian = "/usr/bin/chromium";

/** A module asked for as "...?script" is the text of the script that is built of it. */
const scripts: Plugin = {
  name: "scripts",
  enforce: "pre",
  async load(id) {
    if (!id.endsWith("?script")) return undefined;
    const { outputFiles } = await bundle("script", id.slice(0, -"?script".length));
    return `export default ${JSON.stringify(outputFiles[0].text)}`;
  },
};

export default defineConfig({
  plugins: [scripts],
  define: { LATER: JSON.stringify("of the sources") },
  test: {
    include: ["*/**/*.test.ts"],
    testTimeout: 15_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: existsSync(debian) ? debian : undefined,
          args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
          ],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
