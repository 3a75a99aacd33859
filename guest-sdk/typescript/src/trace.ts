/**
 * Where an exception was thrown, in the author's own files. The component holds one bundled script; the build
 * puts the bundle's source map behind it, and it is only read here, when something has gone wrong.
 */

/** What the build leaves of a source map, in a form that is cheap to read where every step costs fuel. */
export interface LineMap {
  /** The author's files, relative to the project. */
  readonly sources: readonly string[];
  /** For each line of the bundle: column, source and line there, from 0, for each new line in it. */
  readonly lines: readonly string[];
}

/** A frame of a stack: where, and in which function. */
export interface Frame {
  readonly place: string;
  readonly within: string;
}

/** Where the build puts the map. */
declare global {
  var mapwrightLineMap: LineMap | undefined;
}

const FRAME = /^\s*at (?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/;

/** The frames of an exception, innermost first, as far as the engine tells. */
export function framesOf(error: unknown): Frame[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames: Frame[] = [];
  for (const line of stack.split("\n")) {
    const [, within = "", file = "", row = "0", column = "0"] = FRAME.exec(line) ?? [];
    if (file === "") continue;
    frames.push({ place: locate(Number(row), Number(column)) ?? `${file}:${row}:${column}`, within });
  }
  return frames;
}

/** An exception as the lines of a log: `panicked at FILE:LINE: TEXT`, then the stack. */
export function lastWords(error: unknown): string[] {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${shown(error)}`;
  const frames = framesOf(error);
  // The author's line, not the one in the SDK that refused to go on.
  const own = frames.find((frame) => !frame.place.includes(SDK)) ?? frames[0];
  const first = own === undefined ? `panicked: ${text}` : `panicked at ${own.place}: ${text}`;
  return [first, ...frames.map((frame) => `    at ${frame.within === "" ? "(top)" : frame.within} (${frame.place})`)];
}

/** What all paths of the SDK's own files have in them. */
const SDK = "guest-sdk/typescript/src/";

function shown(value: unknown): string {
  try {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return String(value);
  }
}

/** The author's place for one of the bundle; nothing where there is no map, as in native tests. */
function locate(row: number, column: number): string | undefined {
  const map = globalThis.mapwrightLineMap;
  const line = map?.lines[row - 1];
  if (map === undefined || line === undefined || line === "") return undefined;
  const numbers = line.split(" ").map(Number);
  let at = 0;
  while (at + 3 < numbers.length && numbers[at + 3]! < column) at += 3;
  return `${map.sources[numbers[at + 1]!]}:${numbers[at + 2]! + 1}`;
}
