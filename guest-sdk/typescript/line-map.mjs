/**
 * A source map, turned into what `src/trace.ts` reads in the sandbox: a line of numbers for each line of the
 * bundle. Reading the map's own form there would take more fuel than a call has.
 */

/** The place in the author's files of one of the bundle, both counted from 1; nothing where there is none. */
export function placeIn(map, row, column) {
  const numbers = (map.lines[row - 1] ?? "").split(" ").map(Number);
  if (numbers.length < 3) return undefined;
  let at = 0;
  while (at + 3 < numbers.length && numbers[at + 3] < column) at += 3;
  return `${map.sources[numbers[at + 1]]}:${numbers[at + 2] + 1}`;
}

/**
 * The places of a source map by line of the bundle: column, source and line there. Only where a new line
 * begins: the bundle has one statement a line, and columns would make the component a third larger.
 */
export function linesOf(mappings) {
  const [source, line, column] = [1, 2, 3];
  const last = [0, 0, 0, 0];
  return mappings.split(";").map((group) => {
    last[0] = 0;
    const places = [];
    for (const segment of group === "" ? [] : group.split(",")) {
      const steps = numbersOf(segment);
      last[0] += steps[0];
      if (steps.length < 4) continue;
      for (const field of [source, line, column]) last[field] += steps[field];
      if (places.at(-1) === last[line] && places.at(-2) === last[source]) continue;
      places.push(last[0], last[source], last[line]);
    }
    return places.join(" ");
  });
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The numbers of a segment: groups of five bits, the lowest first, the sign in the lowest bit. */
function numbersOf(segment) {
  const found = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = BASE64.indexOf(digit);
    value |= (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) === 0) {
      found.push(value & 1 ? -(value >> 1) : value >> 1);
      value = shift = 0;
    }
  }
  return found;
}
