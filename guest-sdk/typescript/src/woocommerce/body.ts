/** What a webhook's body can be: the resource, a deletion, or the shop's own error. */

import { Source, type Members, type Node } from "../json/source.ts";
import { Rejected, reject } from "../refusal.ts";
import { Fault, id, isSet, text, type Id, type Read } from "./fields.ts";

/** The resource as it stands. */
export interface Present<T> {
  readonly deleted: false;
  readonly resource: T;
}

/** The resource is gone: WooCommerce sends nothing but its id. */
export interface Deleted {
  readonly deleted: true;
  readonly id: Id;
}

/** What a webhook's body can be; look at `deleted` first. */
export type Body<T> = Present<T> | Deleted;

/** A body longer than this is a resource; error objects were 95 bytes, but their message is translated. */
const EXCEPTION_LENGTH_MAX = 2048;

/** Reads a payload of the shop. @throws {@link Rejected} */
export function readBody<T>(payload: string, read: Read<T>): Body<T> {
  const source = open(payload);
  if (payload.length <= EXCEPTION_LENGTH_MAX && isObject(source.root)) {
    const gone = exception(source.root);
    if (gone !== undefined) return { deleted: true, id: gone };
  }
  try {
    return { deleted: false, resource: read(source.root, "", source) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return reject(error.pointer.replace(/^\/(?=\/|$)/, ""), "payload_malformed", error.message);
  }
}

/** Reads a payload as JSON. @throws {@link Rejected} */
export function open(payload: string): Source {
  try {
    return new Source(payload);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return reject("", "payload_not_json", `the payload is not JSON: ${error.message}`);
  }
}

/** The id of a deleted resource, where the body is no more than that. @throws for the shop's error objects. */
function exception(body: Members): Id | undefined {
  try {
    const gone = id(body["id"], "id");
    if (isSet(gone)) {
      return Object.keys(body).every((key) => EXCEPTION.has(key)) ? gone : undefined;
    }
    const code = text(body["code"], "code");
    if (code === "") return undefined;
    return reject(
      "/code",
      "source_error",
      `the shop sent the error \`${code}\` (${text(body["message"], "message")}) instead of the resource; check that the webhook's owner may still read it`,
    );
  } catch (error) {
    if (error instanceof Rejected) throw error;
    return undefined;
  }
}

const EXCEPTION = new Set(["id", "code", "message"]);

function isObject(node: Node): node is Members {
  return typeof node === "object" && node !== null && !Array.isArray(node) && Object.getPrototypeOf(node) === Object.prototype;
}
