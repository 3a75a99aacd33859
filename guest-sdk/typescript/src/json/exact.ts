/**
 * A JSON reader that knows where everything stands: each member of an object or list with its place in the
 * text, also one whose key comes twice. Slow (every character is looked at in the script); used where the
 * engine's own parser cannot say what is asked.
 */

import { NumberText, type Members, type Node } from "./source.ts";

/** One member and where its value stands in the text. */
export interface Place {
  key: string;
  node: Node;
  start: number;
  end: number;
}

/** A value and the places of all its members. */
export interface Exact {
  root: Node;
  places: Map<object, Place[]>;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\n\r]*/y;

/** Reads a text. @throws SyntaxError when it is no JSON. */
export function readExactly(text: string): Exact {
  const reader = new Reader(text);
  const root = reader.value();
  reader.blank();
  if (reader.at < text.length) reader.fail();
  return { root, places: reader.places };
}

class Reader {
  readonly places = new Map<object, Place[]>();
  at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(): Node {
    this.blank();
    switch (this.text[this.at]) {
      case "{":
        return this.object();
      case "[":
        return this.list();
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return new NumberText(this.take(NUMBER));
    }
  }

  blank(): void {
    this.take(BLANK);
  }

  fail(): never {
    const rest = this.text.slice(this.at, this.at + 20);
    throw new SyntaxError(rest === "" ? "the text ends too soon" : `\`${rest}\` at ${this.at} is unexpected`);
  }

  private object(): Members {
    const object: Members = {};
    const places: Place[] = [];
    this.at += 1;
    for (let first = true; !this.closes("}", first); first = false) {
      this.blank();
      const key = this.string();
      this.blank();
      this.mark(":");
      const node = this.member(places, key);
      // Also for `__proto__`, which would not become a member by assignment.
      Object.defineProperty(object, key, { value: node, enumerable: true, configurable: true, writable: true });
    }
    this.places.set(object, places);
    return object;
  }

  private list(): Node[] {
    const list: Node[] = [];
    const places: Place[] = [];
    this.at += 1;
    for (let first = true; !this.closes("]", first); first = false) {
      list.push(this.member(places, String(list.length)));
    }
    this.places.set(list, places);
    return list;
  }

  private member(places: Place[], key: string): Node {
    this.blank();
    const start = this.at;
    const node = this.value();
    places.push({ key, node, start, end: this.at });
    return node;
  }

  /** Whether the bracket closes here; otherwise there is a comma, but before the first member. */
  private closes(bracket: string, first: boolean): boolean {
    this.blank();
    if (this.text[this.at] === bracket) {
      this.at += 1;
      return true;
    }
    if (!first) {
      this.mark(",");
    }
    return false;
  }

  private string(): string {
    return JSON.parse(this.take(STRING)) as string;
  }

  private word(word: string, value: Node): Node {
    if (!this.text.startsWith(word, this.at)) this.fail();
    this.at += word.length;
    return value;
  }

  private mark(mark: string): void {
    if (this.text[this.at] !== mark) this.fail();
    this.at += 1;
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) this.fail();
    this.at += found[0].length;
    return found[0];
  }
}
