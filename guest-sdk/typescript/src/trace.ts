/**
 * Where an exception was thrown, in the author's own files. The component holds one bundled script; the build
 * puts the bundle's source map behind it, and it is only read here, when something has gone wrong.
 */

/** What the build leaves of a source map (version 3): names are not needed. */
export interface LineMap {
  /** The author's files, relative to the project. */
  readonly sources: readonly string[];
  /** Where each place of the bundle comes from. */
  readonly mappings: string;
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
  const map = globalThis.mapwrightLineMap;
  const decoded = map === undefined ? undefined : decode(map.mappings);
  const frames: Frame[] = [];
  for (const line of stack.split("\n")) {
    const [, within = "", file = "", row = "0", column = "0"] = FRAME.exec(line) ?? [];
    if (file === "") continue;
    const found = decoded && locate(decoded, Number(row) - 1, Number(column) - 1);
    const place = found === undefined ? `${file}:${row}:${column}` : `${map!.sources[found[1]]}:${found[2] + 1}:${found[3] + 1}`;
    frames.push({ place, within });
  }
  return frames;
}

/** An exception as the lines of a log: `panicked at FILE:LINE:COLUMN: TEXT`, then the stack. */
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

/** [column, source, line, column there], by line of the bundle. */
type Segment = [number, number, number, number];

function locate(lines: Segment[][], line: number, column: number): Segment | undefined {
  const segments = lines[line] ?? [];
  return segments.findLast((segment) => segment[0] <= column) ?? segments[0];
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function decode(mappings: string): Segment[][] {
  let source = 0;
  let line = 0;
  let there = 0;
  return mappings.split(";").map((group) => {
    let column = 0;
    const segments: Segment[] = [];
    for (const text of group === "" ? [] : group.split(",")) {
      const [a = 0, b = 0, c = 0, d = 0] = numbers(text);
      column += a;
      source += b;
      line += c;
      there += d;
      segments.push([column, source, line, there]);
    }
    return segments;
  });
}

/** The numbers of a segment: groups of five bits, the lowest first, the sign in the lowest bit. */
function numbers(text: string): number[] {
  const found: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of text) {
    const bits = DIGITS.indexOf(digit);
    value |= (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) === 0) {
      found.push(value & 1 ? -(value >> 1) : value >> 1);
      value = shift = 0;
    }
  }
  return found;
}
