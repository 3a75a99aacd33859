/** What differs between two JSON values, leaf by leaf. */

/** Notes where two values differ, each leaf with its pointer. What is missing is as `null`. */
export function compare(at: string, wanted: unknown, actual: unknown, differences: string[]): void {
  if (Array.isArray(wanted) && Array.isArray(actual) && wanted.length === actual.length) {
    for (const [index, value] of wanted.entries()) compare(`${at}/${index}`, value, actual[index], differences);
  } else if (isObject(wanted) && isObject(actual)) {
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(actual)])) {
      compare(`${at}/${key}`, wanted[key], actual[key], differences);
    }
  } else if (JSON.stringify(wanted ?? null) !== JSON.stringify(actual ?? null)) {
    differences.push(`${at}: expected ${JSON.stringify(wanted ?? null)}, got ${JSON.stringify(actual ?? null)}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
