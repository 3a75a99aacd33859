/**
 * Reading JSON without losing anything: `JSON.parse` makes floats of numbers, so that `1.10` becomes 1.1 and
 * two ids beyond 2^53 become one. Here a number stays its own text.
 *
 * The engine's own parser does the work where it hands out the text of each number (QuickJS, Node from 21
 * on); elsewhere, and where the place of a value in the text is asked for, `exact.ts` reads it slowly.
 */

import { readExactly, type Exact } from "./exact.ts";

/** A number, by its own digits. */
export class NumberText {
  /** As it stands in the text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A parsed value. */
export type Node = string | boolean | null | NumberText | Node[] | Members;

/** A parsed object; of a list when indexed by number. */
export interface Members {
  [key: string]: Node;
}

type Revive = (key: string, value: unknown, context?: { source?: string }) => unknown;

function parse(text: string, revive: Revive): Node {
  return (JSON.parse as (text: string, revive: Revive) => Node)(text, revive);
}

const HANDS_OUT_SOURCES = (() => {
  let source: string | undefined;
  parse("1.10", (_key, value, context) => {
    source = context?.source;
    return value;
  });
  return source === "1.10";
})();

function keepText(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" ? new NumberText(context!.source!) : value;
}

/** A text and what was read from it. */
export class Source {
  /** The JSON text. */
  readonly text: string;
  /** The value. */
  readonly root: Node;
  private located: Exact | undefined;

  /** @throws SyntaxError when the text is no JSON. */
  constructor(text: string) {
    this.text = text;
    if (HANDS_OUT_SOURCES) {
      this.root = parse(text, keepText);
    } else {
      this.located = readExactly(text);
      this.root = this.located.root;
    }
  }

  /** The members of an object or list in the order they came, each as it stands in the text; `last` of its key. */
  members(holder: object): { key: string; node: Node; raw: string; last: boolean }[] {
    const exact = (this.located ??= readExactly(this.text));
    const twin = exact.root === this.root ? holder : counterpart(this.root, exact.root, holder);
    const places = (twin && exact.places.get(twin)) ?? [];
    return places.map(({ key, node, start, end }, index) => ({
      key,
      node,
      raw: this.text.slice(start, end),
      last: !places.some((other, later) => later > index && other.key === key),
    }));
  }
}

/** The value in one reading of a text that is `wanted` in another. */
function counterpart(here: Node, there: Node, wanted: object): object | undefined {
  if (here === wanted) return there as object;
  if (typeof here !== "object" || here === null || here instanceof NumberText) return undefined;
  for (const key of Object.keys(here)) {
    const found = counterpart((here as Members)[key]!, (there as Members)[key]!, wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A value without its wrapping: numbers become their text, never a float. */
export function plain(node: Node): unknown {
  if (node instanceof NumberText) return node.text;
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, plain(value)]));
}
