/**
 * As much TOML as a case's `context.toml` has: `key = value` with strings, whole numbers and times, and the
 * table `attributes` of strings, as `[attributes]` or inline. Anything else is refused by its line.
 */

/** What stands in the file. */
export type Toml = Map<string, string | Map<string, string>>;

const PAIR = /^([A-Za-z0-9_-]+|"[^"]*")\s*=\s*(.+)$/;
const VALUE = /^(?:("(?:[^"\\]|\\.)*")|'([^']*)'|([0-9][0-9A-Za-z:.+-]*))$/;

/** Reads a file. @throws naming the line that is not understood. */
export function readToml(text: string): Toml {
  const top: Toml = new Map();
  let table: Map<string, string | Map<string, string>> = top;
  for (const [index, whole] of text.split("\n").entries()) {
    const line = withoutComment(whole).trim();
    if (line === "") continue;
    const header = /^\[\s*([A-Za-z0-9_-]+)\s*\]$/.exec(line);
    if (header) {
      table = new Map();
      top.set(header[1]!, table as Map<string, string>);
      continue;
    }
    const pair = PAIR.exec(line);
    const value = pair && (inline(pair[2]!) ?? scalar(pair[2]!));
    if (!pair || value === undefined || value === null) throw new Error(`line ${index + 1} is not understood: ${whole}`);
    table.set(bare(pair[1]!), value);
  }
  return top;
}

function inline(text: string): Map<string, string> | undefined {
  const inside = /^\{(.*)\}$/.exec(text);
  if (!inside) return undefined;
  const table = new Map<string, string>();
  for (const part of inside[1]!.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? []) {
    const pair = PAIR.exec(part.trim());
    const value = pair && scalar(pair[2]!.trim());
    if (typeof value !== "string") return undefined;
    table.set(bare(pair![1]!), value);
  }
  return table;
}

function scalar(text: string): string | undefined {
  const found = VALUE.exec(text);
  if (!found) return undefined;
  return found[1] === undefined ? (found[2] ?? found[3]) : (JSON.parse(found[1]) as string);
}

function bare(key: string): string {
  return key.replace(/^"|"$/g, "");
}

function withoutComment(line: string): string {
  return /^(?:[^#"']|"(?:[^"\\]|\\.)*"|'[^']*')*/.exec(line)?.[0] ?? "";
}
