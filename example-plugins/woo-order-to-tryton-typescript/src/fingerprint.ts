/** FNV-1a in 64 bits: short, and the same for ever. */

const START = 0xcbf2_9ce4_8422_2325n;
const PRIME = 0x0100_0000_01b3n;
const MASK = 0xffff_ffff_ffff_ffffn;

/** Sixteen hexadecimal digits that stand for these words. */
export function fingerprint(words: string[]): string {
  const bytes = utf8(words.join("\u001f"));
  let hash = START;
  for (let at = 0; at < bytes.length; at++) hash = ((hash ^ BigInt(bytes.charCodeAt(at))) * PRIME) & MASK;
  return hash.toString(16).padStart(16, "0");
}

/** A text's UTF-8 as a string with a character for each byte. There is no `TextEncoder` in the sandbox. */
function utf8(text: string): string {
  return unescape(encodeURIComponent(text));
}
