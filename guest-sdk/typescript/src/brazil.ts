/**
 * CPF and CNPJ: the tax numbers of people and companies in Brazil.
 *
 * WooCommerce has them from a plug-in, in `billing.cpf` and `billing.cnpj` (digits only) and in the meta
 * entries `_billing_cpf` and `_billing_cnpj` (punctuated). Their check digits are tested here, because every
 * ERP refuses wrong ones later and less clearly.
 */

import type { Scope } from "./refusal.ts";
import type { Order } from "./woocommerce/models.ts";

/** A person's number (11 digits), or a company's (14 characters; since 2026 the first twelve may be letters). */
export type TaxIdKind = "cpf" | "cnpj";

const SHAPES = {
  cpf: { pattern: /^\d{11}$/, mask: "###.###.###-##", weightMax: 11 },
  cnpj: { pattern: /^[0-9A-Z]{12}\d\d$/, mask: "##.###.###/####-##", weightMax: 9 },
} as const;

/** A tax number with valid check digits. */
export class TaxId {
  /** Which of the two it is. */
  readonly kind: TaxIdKind;
  /** Without punctuation: `52998224725`. */
  readonly plain: string;

  private constructor(kind: TaxIdKind, plain: string) {
    this.kind = kind;
    this.plain = plain;
  }

  /** Reads a tax number, punctuated or not; nothing when it is none. */
  static parse(kind: TaxIdKind, text: string): TaxId | undefined {
    const plain = text.replace(/[.\-/ ]/g, "").toUpperCase();
    const { pattern, weightMax } = SHAPES[kind];
    return pattern.test(plain) && checks(plain, weightMax) ? new TaxId(kind, plain) : undefined;
  }

  /**
   * The buyer's number, company before person; nothing where the order has none. A wrong one is reported in
   * `billing`, the scope of the billing address.
   */
  static ofOrder(order: Order, billing: Scope): TaxId | undefined {
    for (const kind of ["cnpj", "cpf"] as const) {
      const text = order.billing.pluginField(kind) ?? order.meta(`_billing_${kind}`) ?? "";
      if (text.trim() === "") continue;
      const id = TaxId.parse(kind, text);
      if (id === undefined) {
        const message = `\`${text}\` is no valid ${kind.toUpperCase()}: look at its check digits`;
        billing.at(kind).add(`${kind}_invalid`, message);
      }
      return id;
    }
    return undefined;
  }

  /** Punctuated: `529.982.247-25`, `11.222.333/0001-81`. */
  toString(): string {
    let next = 0;
    return SHAPES[this.kind].mask.replace(/#/g, () => this.plain[next++]!);
  }
}

/**
 * Whether the last two digits are the check digits of what is before them, modulus 11. Letters count as
 * their ASCII code less 48, as digits do.
 */
function checks(plain: string, weightMax: number): boolean {
  const values = Array.from(plain, (character) => character.charCodeAt(0) - 48);
  const digit = (end: number) => {
    let total = 0;
    for (let at = end - 1, weight = 2; at >= 0; at--, weight = weight === weightMax ? 2 : weight + 1) {
      total += values[at]! * weight;
    }
    return ((total * 10) % 11) % 10;
  };
  const repeated = values.every((value) => value === values[0]);
  const end = values.length - 2;
  return !repeated && values[end] === digit(end) && values[end + 1] === digit(end + 1);
}
