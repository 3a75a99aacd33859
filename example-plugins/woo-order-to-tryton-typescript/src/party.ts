/** Who buys, and where they live. */

import { reference, type Address, type Order, type Violations } from "@mapwright/guest";
import { TaxId } from "@mapwright/guest/brazil";

import { fingerprint } from "./fingerprint.ts";
import type { Settings } from "./settings.ts";

/** A document's body and the key it is known by for ever. */
interface Keyed {
  key: string;
  body: object;
}

/** A party, and its addresses. */
interface Party extends Keyed {
  /** One of the party's addresses. Other words make another address, since old orders keep theirs. */
  address(address: Address): Keyed;
}

/**
 * The buyer: an account by its id; a guest by tax number, else e-mail, else the order itself, so that a guest
 * who comes back is the same party and two guests never become one.
 */
export function partyOf(order: Order, settings: Settings, violations: Violations): Party {
  const { billing } = order;
  const here = violations.at("billing");
  const taxId = TaxId.ofOrder(order, here);
  const email = billing.email.trim().toLowerCase();
  const name = nameOf(billing, taxId);
  if (name === "") here.add("name_missing", "the order does not say who buys");
  if (billing.isEmpty()) here.add("address_missing", "the order has no billing address");

  const key = settings.prefix + (order.isGuest() ? taxId?.plain || email || `ORDER-${order.id}` : order.customer_id);
  const contacts = [email === "" ? undefined : { type: "email", value: email }, phoneOf(billing)].filter(
    (contact) => contact !== undefined,
  );
  return {
    key,
    body: {
      name,
      identifiers: taxId && [identifierOf(taxId)],
      contact_mechanisms: contacts.length > 0 ? contacts : undefined,
    },
    address: (address) => addressOf(address, key, name, settings),
  };
}

function nameOf(billing: Address, taxId: TaxId | undefined): string {
  const company = billing.company.trim();
  return taxId?.kind === "cnpj" && company !== "" ? company : billing.fullName();
}

/**
 * Tryton checks these and keeps them as they are typed. It names a country's tax number by the country, not
 * as people there do: a CNPJ is a `br_vat`.
 */
function identifierOf(taxId: TaxId) {
  return { type: taxId.kind === "cpf" ? "br_cpf" : "br_vat", code: taxId.toString() };
}

/** A telephone with its country code, as Tryton wants one; anything else is kept as "other". */
function phoneOf(billing: Address) {
  const text = (billing.pluginField("cellphone") ?? billing.phone).trim();
  const digits = text.replace(/[^0-9]/g, "");
  if (text === "") return undefined;
  if (text.startsWith("+")) return { type: "phone", value: `+${digits}` };
  if (billing.country === "BR" && (digits.length === 10 || digits.length === 11)) {
    return { type: "phone", value: `+55${digits}` };
  }
  return { type: "other", value: text };
}

function addressOf(address: Address, party: string, partyName: string, settings: Settings): Keyed {
  const field = (name: string) => address.pluginField(name)?.trim();
  const number = field("number");
  const first = address.address_1.trim() + (number === undefined ? "" : `, ${number}`);
  const more = [address.address_2.trim(), field("neighborhood") ?? ""].filter((line) => line !== "");
  const street = [first, ...more].join("\n");

  const recipient = address.fullName();
  const otherName = recipient !== "" && recipient !== partyName ? recipient : undefined;
  const postalCode = address.postcode.trim();
  const city = address.city.trim();
  const subdivision = settings.subdivisions ? address.subdivision() : undefined;
  const words = [otherName ?? "", street, postalCode, city, address.state, address.country];
  return {
    key: `${party}/${fingerprint(words)}`,
    body: {
      party: reference("party", party),
      party_name: otherName,
      street,
      postal_code: postalCode,
      city,
      country: address.country === "" ? undefined : reference("country", address.country),
      subdivision: subdivision && reference("subdivision", subdivision),
    },
  };
}
