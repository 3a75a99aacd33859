/** FNV-1a in 64 bits: short, and the same for ever. */

const PRIME = 0x0100_0000_01b3n;
const START = 0xcbf2_9ce4_8422_2325n;

/** Sixteen hexadecimal digits that stand for these words. */
export function fingerprint(words: string[]): string {
  let hash = START;
  for (const byte of utf8(words.join("\u001f"))) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return hash.toString(16).padStart(16, "0");
}

/** The bytes of a text. There is no `TextEncoder` in the sandbox; `encodeURIComponent` is in the language itself. */
function utf8(text: string): number[] {
  const bytes: number[] = [];
  const escaped = encodeURIComponent(text);
  for (let at = 0; at < escaped.length; at++) {
    if (escaped[at] === "%") {
      bytes.push(Number.parseInt(escaped.slice(at + 1, at + 3), 16));
      at += 2;
    } else {
      bytes.push(escaped.charCodeAt(at));
    }
  }
  return bytes;
}
