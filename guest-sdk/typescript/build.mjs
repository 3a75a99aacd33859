/**
 * From a project's sources to a component: `node build.mjs [PROJECT] [--wit DIR] [--out FILE] [--entry FILE]`.
 *
 * Bundles the entry file with esbuild (types are stripped, what is not used is left out, names and lines are
 * kept), puts the bundle's source map behind it for the messages of exceptions, and lets componentize-qjs put
 * both into a component with QuickJS, whose state after the script has run is the component's start: no call
 * pays for it. Both tools are the project's own devDependencies. Nothing is done when nothing has changed.
 *
 * Prints one JSON object on standard output; a human's text of what is wrong on standard error. Exit code:
 * 0 built or up to date, 1 the sources are wrong, 2 the project or a tool is not as it must be.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { linesOf, placeIn } from "./line-map.mjs";

const SDK = dirname(fileURLToPath(import.meta.url));
const WIT = resolve(SDK, "../../wit");
const CONTRACT = "mapwright:plugin@1.0.0";
const ENTRIES = ["src/index.ts", "src/index.js", "src/index.mjs"];

/** What the worlds of the contract export, and the plugin's function for each. */
const INTERFACES = {
  fieldMapping: "transform",
  pricing: "reprice",
  statusTranslation: "translate",
};
const WORLDS = {
  "field-mapping-plugin": ["fieldMapping"],
  "pricing-plugin": ["pricing"],
  "status-translation-plugin": ["statusTranslation"],
  "mapping-and-status-plugin": ["fieldMapping", "statusTranslation"],
  "mapping-and-pricing-plugin": ["fieldMapping", "pricing"],
  "pricing-and-status-plugin": ["pricing", "statusTranslation"],
  "complete-plugin": ["fieldMapping", "pricing", "statusTranslation"],
};

/** Something is not as it must be: the sources (1) or the project and its tools (2). */
class Fault extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = error.code;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { wit: { type: "string" }, out: { type: "string" }, entry: { type: "string" } },
  });
  const project = readProject(resolve(positionals[0] ?? "."), values.entry);
  const wit = resolve(values.wit ?? WIT);
  const out = resolve(values.out ?? join(project.dir, "target", "mapwright", `${project.name}.wasm`));
  checkContract(wit);
  const esbuild = installedTool(project, "esbuild");
  const engine = installedTool(project, "componentize-qjs");

  const { script, map, inputs } = await bundle(esbuild.module, project);
  const digest = digestOf(script, project.world, wit, engine.version, esbuild.version);
  const stamp = `${out}.built`;
  if (existsSync(out) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) {
    return report({ out, changed: false, inputs });
  }
  mkdirSync(dirname(out), { recursive: true });
  const { component } = await engine.module
    .componentize({ witPath: wit, jsSource: script, world: project.world, sync: true, disableGc: true })
    .catch((error) => {
      throw new Fault(1, refused(error, map));
    });
  writeFileSync(`${out}.new`, component);
  renameSync(`${out}.new`, out);
  writeFileSync(stamp, digest);
  report({ out, changed: true, inputs });
}

function report({ out, changed, inputs }) {
  process.stdout.write(`${JSON.stringify({ component: out, changed, inputs })}\n`);
}

/** The project's own package file, and what it says of the plugin. */
function readProject(dir, given) {
  const path = join(dir, "package.json");
  if (!existsSync(path)) throw new Fault(2, `${path} is not there: this is no project in JavaScript or TypeScript`);
  let json;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Fault(2, `${path}: ${error.message}`);
  }
  const world = json.mapwright?.world;
  if (!Object.hasOwn(WORLDS, world ?? "")) {
    const said = world === undefined ? "does not name the plugin's world" : `names the world \`${world}\`, which does not exist`;
    throw new Fault(2, `${path} ${said}: "mapwright": {"world": one of ${Object.keys(WORLDS).join(", ")}}`);
  }
  const entry = given ?? json.mapwright.entry ?? ENTRIES.find((entry) => existsSync(join(dir, entry)));
  if (entry === undefined || !existsSync(join(dir, entry))) {
    throw new Fault(2, `${path}: the entry file ${entry ?? ENTRIES.join(" or ")} is not there`);
  }
  return { dir, json, name: json.name, world, entry };
}

function checkContract(wit) {
  const files = existsSync(wit) ? readdirSync(wit).filter((name) => name.endsWith(".wit")) : [];
  const packages = files.map((name) => /^package\s+([^;\s]+)\s*;/m.exec(readFileSync(join(wit, name), "utf8"))?.[1]);
  const found = packages.find((name) => name !== undefined);
  if (found === undefined) throw new Fault(2, `${wit} has no contract (a .wit file with a package)`);
  if (found !== CONTRACT) {
    throw new Fault(2, `${wit} is the contract ${found}, this SDK is made for ${CONTRACT}: take both from the same Mapwright`);
  }
}

/** A devDependency of the project, at the version it names. */
function installedTool({ dir, json }, name) {
  const require = createRequire(join(dir, "package.json"));
  const wanted = json.devDependencies?.[name] ?? json.dependencies?.[name];
  let version;
  try {
    version = JSON.parse(readFileSync(packageFile(require, name), "utf8")).version;
    if (wanted !== undefined && /^\d/.test(wanted) && wanted !== version) {
      throw new Fault(2, `${name} ${version} is installed, package.json wants ${wanted}: run \`npm install\` in ${dir}`);
    }
    return { version, module: require(name) };
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (version !== undefined) throw new Fault(2, `${name} ${version} does not run on this machine: ${error.message}`);
    const how = wanted === undefined ? `npm install --save-dev --save-exact ${name}` : "npm install";
    throw new Fault(2, `${name} is not installed: run \`${how}\` in ${dir}`);
  }
}

function packageFile(require, name) {
  for (const folder of require.resolve.paths(name) ?? []) {
    const path = join(folder, name, "package.json");
    if (existsSync(path)) return path;
  }
  throw new Error(`${name} is not there`);
}

/** The script of the component: the entry that the contract wants, all it imports, and its source map. */
async function bundle(esbuild, project) {
  const functions = WORLDS[project.world].map((name) => INTERFACES[name]);
  const entry = `
    import plugin from ${JSON.stringify(`./${project.entry}`)};
    import { exportsOf } from "@mapwright/guest/edge";
    import log from "mapwright:plugin/log@1.0.0";
    import lookup from "mapwright:plugin/lookup@1.0.0";
    export const { manifest, ${WORLDS[project.world].join(", ")} } =
      exportsOf(plugin, ${JSON.stringify(functions)}, { log, lookup });
  `;
  const built = await esbuild
    .build({
      absWorkingDir: project.dir,
      stdin: { contents: entry, resolveDir: project.dir, sourcefile: "entry.js", loader: "js" },
      bundle: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["import", "module"],
      target: "es2023",
      charset: "utf8",
      external: ["mapwright:*"],
      legalComments: "none",
      sourcemap: "external",
      sourcesContent: false,
      sourceRoot: "",
      outfile: join(project.dir, "plugin.js"),
      metafile: true,
      write: false,
      logLevel: "silent",
    })
    .catch((error) => {
      throw new Fault(1, errorsOf(error));
    });
  const text = (suffix) => built.outputFiles.find((file) => file.path.endsWith(suffix)).text;
  const { sources, mappings } = JSON.parse(text(".js.map"));
  const map = { sources: sources.map((path) => shortened(project.dir, path)), lines: linesOf(mappings) };
  // In front of the script, so that it is there when the script itself throws, and on no line of its own.
  const script = `globalThis.mapwrightLineMap=${JSON.stringify(map)};${text(".js")}`;
  return { script, map, inputs: Object.keys(built.metafile.inputs).filter((path) => path !== "entry.js") };
}

/** A file's name as the author knows it: from the project on. */
function shortened(dir, path) {
  const from = relative(dir, resolve(dir, path)).split(sep).join("/");
  const sdk = from.lastIndexOf("guest-sdk/typescript/");
  return sdk > 0 ? from.slice(sdk) : from;
}

function errorsOf(error) {
  if (!Array.isArray(error.errors)) return error.message;
  return error.errors
    .map(({ location, text }) => (location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text))
    .join("\n");
}

/** What the engine said when the script was run at build time, with the author's places. */
function refused(error, map) {
  const text = String(error.message ?? error)
    .replace(/^(?:.*?JavaScript module(?: evaluation)?: )+/s, "")
    .replace(/componentize-qjs:user\.js:(\d+):(\d+)/g, (place, row, column) => placeIn(map, row, column) ?? place);
  return `the plugin cannot be started: ${text.trim()}`;
}

function digestOf(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) {
    if (typeof part === "string" && existsSync(part)) {
      for (const name of readdirSync(part).sort()) hash.update(readFileSync(join(part, name)));
    } else {
      hash.update(`${part}\0`);
    }
  }
  return hash.digest("hex");
}
