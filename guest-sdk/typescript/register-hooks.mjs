/** The loader hooks of `register.mjs`; Node runs them in a thread of their own. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

let esbuild;

/** Told by `register.mjs` where the project is, whose esbuild this is. */
export function initialize({ project }) {
  esbuild = createRequire(join(project, "package.json"))("esbuild");
}

/** Loads a TypeScript file as the JavaScript in it. */
export async function load(url, context, next) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = await esbuild.transform(await readFile(path, "utf8"), {
    loader: "ts",
    format: "esm",
    target: "esnext",
    sourcefile: path,
    sourcemap: "inline",
    sourcesContent: false,
  });
  return { format: "module", source: code, shortCircuit: true };
}
