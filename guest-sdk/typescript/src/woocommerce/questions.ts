/** What orders, lines, addresses, products and customers can be asked; `models.ts` builds upon these. */

import type { Decimal } from "../decimal.ts";
import { Money } from "../money.ts";
import { isSet, type Extra, type Id } from "./fields.ts";
import type { Address, Meta, TaxLine } from "./models.ts";

const DRAFTS = new Set(["auto-draft", "checkout-draft", "draft", "new"]);

/** Puts what one class can be asked on another: no chain of constructors, which each order would pay for. */
export function asked(model: { prototype: object }, questions: { prototype: object }): void {
  for (let from = questions.prototype; from !== Object.prototype; from = Object.getPrototypeOf(from) as object) {
    for (const name of Object.getOwnPropertyNames(from)) {
      if (name === "constructor" || Object.hasOwn(model.prototype, name)) continue;
      Object.defineProperty(model.prototype, name, Object.getOwnPropertyDescriptor(from, name)!);
    }
  }
}

/** What has meta entries. */
abstract class WithMeta {
  abstract readonly meta_data: Meta[];

  /** The text of the first meta entry of that key (`_billing_cpf`); nothing where it is missing, empty or no text. */
  meta(key: string): string | undefined {
    const text = this.meta_data.find((entry) => entry.key === key)?.value.text;
    return text === "" ? undefined : text;
  }
}

/** What an order can be asked. */
export abstract class OrderQuestions extends WithMeta {
  abstract readonly status: string;
  abstract readonly customer_id: Id;
  abstract readonly billing: Address;
  abstract readonly shipping: Address;
  abstract readonly total: Decimal;
  abstract readonly currency: string;
  abstract readonly tax_lines: TaxLine[];

  /** Whether nobody has placed it yet: WooCommerce sends drafts as orders. */
  isDraft(): boolean {
    return DRAFTS.has(this.status);
  }

  /** Whether it was placed without an account. */
  isGuest(): boolean {
    return !isSet(this.customer_id);
  }

  /** Where the parcel goes: the shipping address, or the billing address where that is empty. */
  deliveryAddress(): Address {
    return this.shipping.isEmpty() ? this.billing : this.shipping;
  }

  /** What the customer pays, with its currency. */
  totalMoney(): Money {
    return new Money(this.total, this.currency);
  }

  /** The tax line of a rate, by its id as `LineTax.id` has it. */
  taxLine(rateId: Id): TaxLine | undefined {
    return this.tax_lines.find((line) => line.rate_id === rateId);
  }
}

/** What a line can be asked. */
export abstract class LineItemQuestions extends WithMeta {
  abstract readonly subtotal: Decimal;
  abstract readonly total: Decimal;

  /** What coupons took off this line, before tax. */
  discount(): Decimal {
    return this.subtotal.minus(this.total);
  }
}

/** What an address can be asked. */
export abstract class AddressQuestions {
  abstract readonly first_name: string;
  abstract readonly last_name: string;
  abstract readonly company: string;
  abstract readonly address_1: string;
  abstract readonly city: string;
  abstract readonly postcode: string;
  abstract readonly country: string;
  abstract readonly state: string;
  abstract readonly extra: Extra;

  /** First and last name; the company where there is neither. */
  fullName(): string {
    return `${this.first_name.trim()} ${this.last_name.trim()}`.trim() || this.company.trim();
  }

  /** Whether it says nothing: WooCommerce sends all fields empty for "none". */
  isEmpty(): boolean {
    return this.address_1.trim() === "" && this.city.trim() === "" && this.postcode.trim() === "";
  }

  /** A field that a plug-in added (`cpf`, `number`), where it is not empty. */
  pluginField(name: string): string | undefined {
    return this.extra.text(name);
  }

  /** The ISO 3166-2 code of the state (`BR-SP`), where there is one. */
  subdivision(): string | undefined {
    const state = this.state.trim();
    return /^[A-Za-z0-9]{1,3}$/.test(state) && this.country.length === 2 ? `${this.country}-${state}` : undefined;
  }
}

/** What a product can be asked. */
export abstract class ProductQuestions extends WithMeta {
  abstract readonly kind: string;
  abstract readonly parent_id: Id;

  /** Whether this is a variation of another product. */
  isVariation(): boolean {
    return this.kind === "variation" || isSet(this.parent_id);
  }
}

/** What a customer can be asked. */
export abstract class CustomerQuestions extends WithMeta {}
