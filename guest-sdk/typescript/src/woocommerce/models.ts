/** What WooCommerce sends, field by field. Made from `models/woocommerce.toml`; do not edit. */

import type { Decimal } from "../decimal.ts";
import type { Members, Node, Source } from "../json/source.ts";
import { amount, Extra, flag, id, Json, list, model, required, text, type Id, type ShopTime } from "./fields.ts";
import {
  AddressQuestions,
  asked,
  CustomerQuestions,
  LineItemQuestions,
  OrderQuestions,
  ProductQuestions,
} from "./questions.ts";

/**
 * A billing or shipping address. Fields of plug-ins (`cpf`, `cnpj`, `number`, `neighborhood`,
 * `cellphone`) are in `extra`.
 */
export class Address {
  /** Given name. */
  declare readonly first_name: string;
  /** Family name. */
  declare readonly last_name: string;
  /** Company. */
  declare readonly company: string;
  /** Street, with the number where the shop does not ask for it apart. */
  declare readonly address_1: string;
  /** Flat, floor, building. */
  declare readonly address_2: string;
  /** City. */
  declare readonly city: string;
  /** State: the part of an ISO 3166-2 code after the hyphen (`SP`), or free text. */
  declare readonly state: string;
  /** Postal code. */
  declare readonly postcode: string;
  /** ISO 3166-1 alpha-2. */
  declare readonly country: string;
  /** E-mail; only in billing addresses. */
  declare readonly email: string;
  /** Telephone. */
  declare readonly phone: string;
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.first_name = typeof (value = from.first_name) === "string" ? value : text(value, "first_name");
    this.last_name = typeof (value = from.last_name) === "string" ? value : text(value, "last_name");
    this.company = typeof (value = from.company) === "string" ? value : text(value, "company");
    this.address_1 = typeof (value = from.address_1) === "string" ? value : text(value, "address_1");
    this.address_2 = typeof (value = from.address_2) === "string" ? value : text(value, "address_2");
    this.city = typeof (value = from.city) === "string" ? value : text(value, "city");
    this.state = typeof (value = from.state) === "string" ? value : text(value, "state");
    this.postcode = typeof (value = from.postcode) === "string" ? value : text(value, "postcode");
    this.country = typeof (value = from.country) === "string" ? value : text(value, "country");
    this.email = typeof (value = from.email) === "string" ? value : text(value, "email");
    this.phone = typeof (value = from.phone) === "string" ? value : text(value, "phone");
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_ADDRESS, this.source);
  }
}
export interface Address extends AddressQuestions {}
asked(Address, AddressQuestions);

const KNOWN_ADDRESS = new Set([
  "first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode",
  "country", "email", "phone"
]);
/** Reads a member as one of these. */
export const readAddress = model(Address);

/** One meta entry: a name and any JSON value. */
export class Meta {
  /** Its id. */
  declare readonly id: Id;
  /** Its name (`_billing_cpf`). */
  declare readonly key: string;
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.key = typeof (value = from.key) === "string" ? value : text(value, "key");
    this.from = from;
    this.source = source;
  }

  /** Its value; plug-ins put any JSON there. */
  get value(): Json {
    return new Json(this.from, "value", this.source);
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_META, this.source);
  }
}

const KNOWN_META = new Set([
  "id", "key", "value"
]);
/** Reads a member as one of these. */
export const readMeta = model(Meta);

/** An order as a webhook or `GET /orders/{id}` gives it. */
export class Order {
  /** Its id. */
  declare readonly id: Id;
  /** The order it belongs to (of a subscription); mostly `0`. */
  declare readonly parent_id: Id;
  /** The number the customer sees; plug-ins change it. */
  declare readonly number: string;
  /**
   * `pending`, `processing`, `on-hold`, `completed`, `cancelled`, `refunded`, `failed`, `trash`,
   * `auto-draft`, `checkout-draft`, or a plug-in's own.
   */
  declare readonly status: string;
  /** ISO 4217. */
  declare readonly currency: string;
  /** Whether prices were entered with tax in them. Amounts here are without, either way. */
  declare readonly prices_include_tax: boolean;
  /** When it was placed, in the shop's zone. */
  declare readonly date_created: ShopTime;
  /** When it was placed, UTC. */
  declare readonly date_created_gmt: ShopTime;
  /** When it was last changed, UTC. */
  declare readonly date_modified_gmt: ShopTime;
  /** When it was paid, in the shop's zone. */
  declare readonly date_paid: ShopTime;
  /** When it was paid, UTC. */
  declare readonly date_paid_gmt: ShopTime;
  /** When it was completed, UTC. */
  declare readonly date_completed_gmt: ShopTime;
  /** All coupons, before tax. */
  declare readonly discount_total: Decimal;
  /** The tax saved by coupons. */
  declare readonly discount_tax: Decimal;
  /** Shipping before tax. */
  declare readonly shipping_total: Decimal;
  /** The tax on shipping. */
  declare readonly shipping_tax: Decimal;
  /** The tax on lines and fees. */
  declare readonly cart_tax: Decimal;
  /** What the customer pays. The truth: lines may differ from it by rounding. */
  declare readonly total: Decimal;
  /** All tax. */
  declare readonly total_tax: Decimal;
  /** The customer's account; `0` for guests. */
  declare readonly customer_id: Id;
  /** What the customer wrote. */
  declare readonly customer_note: string;
  /** Where the bill goes. */
  declare readonly billing: Address;
  /** Where the parcel goes; empty when as `billing`, see {@link Order.deliveryAddress}. */
  declare readonly shipping: Address;
  /** Id of the payment method (`mercadopago`). */
  declare readonly payment_method: string;
  /** Its name for people. */
  declare readonly payment_method_title: string;
  /** The payment's id at the payment service. */
  declare readonly transaction_id: string;
  /** Where the order was placed (`checkout`, `rest-api`, `store-api`, `admin`). */
  declare readonly created_via: string;
  /** What plug-ins know. */
  declare readonly meta_data: Meta[];
  /** What was bought. */
  declare readonly line_items: LineItem[];
  /** Tax by rate. */
  declare readonly tax_lines: TaxLine[];
  /** How it is shipped. */
  declare readonly shipping_lines: ShippingLine[];
  /** Surcharges, and discounts as negative fees. */
  declare readonly fee_lines: FeeLine[];
  /** Coupons used; their effect is in the lines' totals already. */
  declare readonly coupon_lines: CouponLine[];
  /** What was given back; `total` is negative. */
  declare readonly refunds: Refund[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    required(from, "status", "currency", "total");
    this.id = id(from.id, "id");
    this.parent_id = id(from.parent_id, "parent_id");
    this.number = typeof (value = from.number) === "string" ? value : text(value, "number");
    this.status = typeof (value = from.status) === "string" ? value : text(value, "status");
    this.currency = typeof (value = from.currency) === "string" ? value : text(value, "currency");
    this.prices_include_tax = flag(from.prices_include_tax, "prices_include_tax");
    this.date_created = typeof (value = from.date_created) === "string" ? value : text(value, "date_created");
    this.date_created_gmt = typeof (value = from.date_created_gmt) === "string" ? value : text(value, "date_created_gmt");
    this.date_modified_gmt = typeof (value = from.date_modified_gmt) === "string" ? value : text(value, "date_modified_gmt");
    this.date_paid = typeof (value = from.date_paid) === "string" ? value : text(value, "date_paid");
    this.date_paid_gmt = typeof (value = from.date_paid_gmt) === "string" ? value : text(value, "date_paid_gmt");
    this.date_completed_gmt = typeof (value = from.date_completed_gmt) === "string" ? value : text(value, "date_completed_gmt");
    this.discount_total = amount(from.discount_total, "discount_total");
    this.discount_tax = amount(from.discount_tax, "discount_tax");
    this.shipping_total = amount(from.shipping_total, "shipping_total");
    this.shipping_tax = amount(from.shipping_tax, "shipping_tax");
    this.cart_tax = amount(from.cart_tax, "cart_tax");
    this.total = amount(from.total, "total");
    this.total_tax = amount(from.total_tax, "total_tax");
    this.customer_id = id(from.customer_id, "customer_id");
    this.customer_note = typeof (value = from.customer_note) === "string" ? value : text(value, "customer_note");
    this.billing = readAddress(from.billing, "billing", source);
    this.shipping = readAddress(from.shipping, "shipping", source);
    this.payment_method = typeof (value = from.payment_method) === "string" ? value : text(value, "payment_method");
    this.payment_method_title = typeof (value = from.payment_method_title) === "string" ? value : text(value, "payment_method_title");
    this.transaction_id = typeof (value = from.transaction_id) === "string" ? value : text(value, "transaction_id");
    this.created_via = typeof (value = from.created_via) === "string" ? value : text(value, "created_via");
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.line_items = list(from.line_items, "line_items", readLineItem, source);
    this.tax_lines = list(from.tax_lines, "tax_lines", readTaxLine, source);
    this.shipping_lines = list(from.shipping_lines, "shipping_lines", readShippingLine, source);
    this.fee_lines = list(from.fee_lines, "fee_lines", readFeeLine, source);
    this.coupon_lines = list(from.coupon_lines, "coupon_lines", readCouponLine, source);
    this.refunds = list(from.refunds, "refunds", readRefund, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_ORDER, this.source);
  }
}
export interface Order extends OrderQuestions {}
asked(Order, OrderQuestions);

const KNOWN_ORDER = new Set([
  "id", "parent_id", "number", "status", "currency", "prices_include_tax", "date_created",
  "date_created_gmt", "date_modified_gmt", "date_paid", "date_paid_gmt", "date_completed_gmt",
  "discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax", "total",
  "total_tax", "customer_id", "customer_note", "billing", "shipping", "payment_method",
  "payment_method_title", "transaction_id", "created_via", "meta_data", "line_items", "tax_lines",
  "shipping_lines", "fee_lines", "coupon_lines", "refunds"
]);
/** Reads a member as one of these. */
export const readOrder = model(Order);

/** A line of goods. */
export class LineItem {
  /** Its id. */
  declare readonly id: Id;
  /** The product's name when it was bought. */
  declare readonly name: string;
  /** The product; `0` when it was deleted since. */
  declare readonly product_id: Id;
  /** The variation; `0` for products without. */
  declare readonly variation_id: Id;
  /** The SKU; empty when the product has none or was deleted. */
  declare readonly sku: string;
  /** How many. */
  declare readonly quantity: Decimal;
  /** Tax class; empty for the standard one. */
  declare readonly tax_class: string;
  /** All of the line before coupons, before tax. */
  declare readonly subtotal: Decimal;
  /** The tax before coupons. */
  declare readonly subtotal_tax: Decimal;
  /** All of the line after coupons, before tax. */
  declare readonly total: Decimal;
  /** The tax after coupons. */
  declare readonly total_tax: Decimal;
  /** Tax by rate. */
  declare readonly taxes: LineTax[];
  /** Options chosen and what plug-ins know. */
  declare readonly meta_data: Meta[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.name = typeof (value = from.name) === "string" ? value : text(value, "name");
    this.product_id = id(from.product_id, "product_id");
    this.variation_id = id(from.variation_id, "variation_id");
    this.sku = typeof (value = from.sku) === "string" ? value : text(value, "sku");
    this.quantity = amount(from.quantity, "quantity");
    this.tax_class = typeof (value = from.tax_class) === "string" ? value : text(value, "tax_class");
    this.subtotal = amount(from.subtotal, "subtotal");
    this.subtotal_tax = amount(from.subtotal_tax, "subtotal_tax");
    this.total = amount(from.total, "total");
    this.total_tax = amount(from.total_tax, "total_tax");
    this.taxes = list(from.taxes, "taxes", readLineTax, source);
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_LINE_ITEM, this.source);
  }
}
export interface LineItem extends LineItemQuestions {}
asked(LineItem, LineItemQuestions);

const KNOWN_LINE_ITEM = new Set([
  "id", "name", "product_id", "variation_id", "sku", "quantity", "tax_class", "subtotal",
  "subtotal_tax", "total", "total_tax", "taxes", "meta_data"
]);
/** Reads a member as one of these. */
export const readLineItem = model(LineItem);

/** The tax of one rate on one line. */
export class LineTax {
  /** The rate's id, as in {@link TaxLine.rate_id}. */
  declare readonly id: Id;
  /** After coupons. */
  declare readonly total: Decimal;
  /** Before coupons. */
  declare readonly subtotal: Decimal;
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    this.id = id(from.id, "id");
    this.total = amount(from.total, "total");
    this.subtotal = amount(from.subtotal, "subtotal");
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_LINE_TAX, this.source);
  }
}

const KNOWN_LINE_TAX = new Set([
  "id", "total", "subtotal"
]);
/** Reads a member as one of these. */
export const readLineTax = model(LineTax);

/** The tax of one rate on the whole order. */
export class TaxLine {
  /** Its id. */
  declare readonly id: Id;
  /** The rate's code (`BR-SP-ICMS SP-1`). */
  declare readonly rate_code: string;
  /** The rate's id. */
  declare readonly rate_id: Id;
  /** Its name for people. */
  declare readonly label: string;
  /** Whether it is taken on top of other taxes. */
  declare readonly compound: boolean;
  /** On lines and fees. */
  declare readonly tax_total: Decimal;
  /** On shipping. */
  declare readonly shipping_tax_total: Decimal;
  /** In percent. */
  declare readonly rate_percent: Decimal;
  /** What plug-ins know. */
  declare readonly meta_data: Meta[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.rate_code = typeof (value = from.rate_code) === "string" ? value : text(value, "rate_code");
    this.rate_id = id(from.rate_id, "rate_id");
    this.label = typeof (value = from.label) === "string" ? value : text(value, "label");
    this.compound = flag(from.compound, "compound");
    this.tax_total = amount(from.tax_total, "tax_total");
    this.shipping_tax_total = amount(from.shipping_tax_total, "shipping_tax_total");
    this.rate_percent = amount(from.rate_percent, "rate_percent");
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_TAX_LINE, this.source);
  }
}

const KNOWN_TAX_LINE = new Set([
  "id", "rate_code", "rate_id", "label", "compound", "tax_total", "shipping_tax_total",
  "rate_percent", "meta_data"
]);
/** Reads a member as one of these. */
export const readTaxLine = model(TaxLine);

/** A way of shipping. */
export class ShippingLine {
  /** Its id. */
  declare readonly id: Id;
  /** Its name for people. */
  declare readonly method_title: string;
  /** The method (`flat_rate`). */
  declare readonly method_id: string;
  /** Before tax. */
  declare readonly total: Decimal;
  /** The tax. */
  declare readonly total_tax: Decimal;
  /** Tax by rate. */
  declare readonly taxes: LineTax[];
  /** What plug-ins know. */
  declare readonly meta_data: Meta[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.method_title = typeof (value = from.method_title) === "string" ? value : text(value, "method_title");
    this.method_id = typeof (value = from.method_id) === "string" ? value : text(value, "method_id");
    this.total = amount(from.total, "total");
    this.total_tax = amount(from.total_tax, "total_tax");
    this.taxes = list(from.taxes, "taxes", readLineTax, source);
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_SHIPPING_LINE, this.source);
  }
}

const KNOWN_SHIPPING_LINE = new Set([
  "id", "method_title", "method_id", "total", "total_tax", "taxes", "meta_data"
]);
/** Reads a member as one of these. */
export const readShippingLine = model(ShippingLine);

/** A surcharge, or a discount when negative. */
export class FeeLine {
  /** Its id. */
  declare readonly id: Id;
  /** Its name. */
  declare readonly name: string;
  /** Tax class. */
  declare readonly tax_class: string;
  /** `taxable` or `none`; a negative fee is taxed either way. */
  declare readonly tax_status: string;
  /** Before tax. */
  declare readonly total: Decimal;
  /** The tax. */
  declare readonly total_tax: Decimal;
  /** Tax by rate. */
  declare readonly taxes: LineTax[];
  /** What plug-ins know. */
  declare readonly meta_data: Meta[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.name = typeof (value = from.name) === "string" ? value : text(value, "name");
    this.tax_class = typeof (value = from.tax_class) === "string" ? value : text(value, "tax_class");
    this.tax_status = typeof (value = from.tax_status) === "string" ? value : text(value, "tax_status");
    this.total = amount(from.total, "total");
    this.total_tax = amount(from.total_tax, "total_tax");
    this.taxes = list(from.taxes, "taxes", readLineTax, source);
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_FEE_LINE, this.source);
  }
}

const KNOWN_FEE_LINE = new Set([
  "id", "name", "tax_class", "tax_status", "total", "total_tax", "taxes", "meta_data"
]);
/** Reads a member as one of these. */
export const readFeeLine = model(FeeLine);

/** A coupon that was used. */
export class CouponLine {
  /** Its id. */
  declare readonly id: Id;
  /** Its code, in lower case. */
  declare readonly code: string;
  /** What it took off, before tax. */
  declare readonly discount: Decimal;
  /** The tax it took off. */
  declare readonly discount_tax: Decimal;
  /** `percent`, `fixed_cart`, `fixed_product`. */
  declare readonly discount_type: string;
  /** What plug-ins know. */
  declare readonly meta_data: Meta[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.code = typeof (value = from.code) === "string" ? value : text(value, "code");
    this.discount = amount(from.discount, "discount");
    this.discount_tax = amount(from.discount_tax, "discount_tax");
    this.discount_type = typeof (value = from.discount_type) === "string" ? value : text(value, "discount_type");
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_COUPON_LINE, this.source);
  }
}

const KNOWN_COUPON_LINE = new Set([
  "id", "code", "discount", "discount_tax", "discount_type", "meta_data"
]);
/** Reads a member as one of these. */
export const readCouponLine = model(CouponLine);

/**
 * Money given back. In an order only `id`, `reason` and `total` are there; `GET
 * /orders/{id}/refunds/{id}` gives the rest.
 */
export class Refund {
  /** Its id. */
  declare readonly id: Id;
  /** Why. */
  declare readonly reason: string;
  /** How much, negative; only in an order. */
  declare readonly total: Decimal;
  /** How much, positive; only in the refund itself. */
  declare readonly amount: Decimal;
  /** The order, where the shop says it. */
  declare readonly parent_id: Id;
  /** When it was made, UTC. */
  declare readonly date_created_gmt: ShopTime;
  /** The user who made it. */
  declare readonly refunded_by: Id;
  /** Whether the payment service gave the money back. */
  declare readonly refunded_payment: boolean;
  /**
   * Goods given back: quantities and totals are negative, the meta `_refunded_item_id` names the order's
   * line.
   */
  declare readonly line_items: LineItem[];
  /** Shipping given back, negative. */
  declare readonly shipping_lines: ShippingLine[];
  /** Fees given back, negative. */
  declare readonly fee_lines: FeeLine[];
  /** Tax given back by rate, negative. */
  declare readonly tax_lines: TaxLine[];
  /** What plug-ins know. */
  declare readonly meta_data: Meta[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.reason = typeof (value = from.reason) === "string" ? value : text(value, "reason");
    this.total = amount(from.total, "total");
    this.amount = amount(from.amount, "amount");
    this.parent_id = id(from.parent_id, "parent_id");
    this.date_created_gmt = typeof (value = from.date_created_gmt) === "string" ? value : text(value, "date_created_gmt");
    this.refunded_by = id(from.refunded_by, "refunded_by");
    this.refunded_payment = flag(from.refunded_payment, "refunded_payment");
    this.line_items = list(from.line_items, "line_items", readLineItem, source);
    this.shipping_lines = list(from.shipping_lines, "shipping_lines", readShippingLine, source);
    this.fee_lines = list(from.fee_lines, "fee_lines", readFeeLine, source);
    this.tax_lines = list(from.tax_lines, "tax_lines", readTaxLine, source);
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_REFUND, this.source);
  }
}

const KNOWN_REFUND = new Set([
  "id", "reason", "total", "amount", "parent_id", "date_created_gmt", "refunded_by",
  "refunded_payment", "line_items", "shipping_lines", "fee_lines", "tax_lines", "meta_data"
]);
/** Reads a member as one of these. */
export const readRefund = model(Refund);

/** A product, or a variation of one (`type` `variation`, with `parent_id`). */
export class Product {
  /** Its id. */
  declare readonly id: Id;
  /** Its name. */
  declare readonly name: string;
  /** Its name in URLs. */
  declare readonly slug: string;
  /** `simple`, `variable`, `variation`, `grouped`, `external`. */
  declare readonly kind: string;
  /** `publish`, `draft`, `pending`, `private`, `trash`. */
  declare readonly status: string;
  /** When it was made, UTC. */
  declare readonly date_created_gmt: ShopTime;
  /** When it was last changed, UTC. */
  declare readonly date_modified_gmt: ShopTime;
  /** Its SKU; may be empty. */
  declare readonly sku: string;
  /** GTIN, EAN, UPC or ISBN. */
  declare readonly global_unique_id: string;
  /** What it costs now. */
  declare readonly price: Decimal;
  /** What it costs without a sale. */
  declare readonly regular_price: Decimal;
  /** What it costs in a sale; zero when there is none. */
  declare readonly sale_price: Decimal;
  /** Text for the page. */
  declare readonly description: string;
  /** Short text for the page. */
  declare readonly short_description: string;
  /** `taxable`, `shipping`, `none`. */
  declare readonly tax_status: string;
  /** Tax class; empty for the standard one. */
  declare readonly tax_class: string;
  /**
   * Whether the shop counts its stock: `true`, `false` (then `stock_quantity` says nothing), or `parent`
   * for a variation whose product is counted as a whole.
   */
  declare readonly manage_stock: string;
  /** How many there are. */
  declare readonly stock_quantity: Decimal;
  /** `instock`, `outofstock`, `onbackorder`. */
  declare readonly stock_status: string;
  /** Weight in the shop's unit. */
  declare readonly weight: Decimal;
  /** The product this is a variation of. */
  declare readonly parent_id: Id;
  /** The variations of this product. */
  declare readonly variations: Id[];
  /** Categories. */
  declare readonly categories: Term[];
  /** Tags. */
  declare readonly tags: Term[];
  /** Pictures. */
  declare readonly images: Image[];
  /** Colour, size and the like. */
  declare readonly attributes: Attribute[];
  /** What plug-ins know. */
  declare readonly meta_data: Meta[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.name = typeof (value = from.name) === "string" ? value : text(value, "name");
    this.slug = typeof (value = from.slug) === "string" ? value : text(value, "slug");
    this.kind = typeof (value = from.type) === "string" ? value : text(value, "type");
    this.status = typeof (value = from.status) === "string" ? value : text(value, "status");
    this.date_created_gmt = typeof (value = from.date_created_gmt) === "string" ? value : text(value, "date_created_gmt");
    this.date_modified_gmt = typeof (value = from.date_modified_gmt) === "string" ? value : text(value, "date_modified_gmt");
    this.sku = typeof (value = from.sku) === "string" ? value : text(value, "sku");
    this.global_unique_id = typeof (value = from.global_unique_id) === "string" ? value : text(value, "global_unique_id");
    this.price = amount(from.price, "price");
    this.regular_price = amount(from.regular_price, "regular_price");
    this.sale_price = amount(from.sale_price, "sale_price");
    this.description = typeof (value = from.description) === "string" ? value : text(value, "description");
    this.short_description = typeof (value = from.short_description) === "string" ? value : text(value, "short_description");
    this.tax_status = typeof (value = from.tax_status) === "string" ? value : text(value, "tax_status");
    this.tax_class = typeof (value = from.tax_class) === "string" ? value : text(value, "tax_class");
    this.manage_stock = typeof (value = from.manage_stock) === "string" ? value : text(value, "manage_stock");
    this.stock_quantity = amount(from.stock_quantity, "stock_quantity");
    this.stock_status = typeof (value = from.stock_status) === "string" ? value : text(value, "stock_status");
    this.weight = amount(from.weight, "weight");
    this.parent_id = id(from.parent_id, "parent_id");
    this.variations = list(from.variations, "variations", id, source);
    this.categories = list(from.categories, "categories", readTerm, source);
    this.tags = list(from.tags, "tags", readTerm, source);
    this.images = list(from.images, "images", readImage, source);
    this.attributes = list(from.attributes, "attributes", readAttribute, source);
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_PRODUCT, this.source);
  }
}
export interface Product extends ProductQuestions {}
asked(Product, ProductQuestions);

const KNOWN_PRODUCT = new Set([
  "id", "name", "slug", "type", "status", "date_created_gmt", "date_modified_gmt", "sku",
  "global_unique_id", "price", "regular_price", "sale_price", "description", "short_description",
  "tax_status", "tax_class", "manage_stock", "stock_quantity", "stock_status", "weight", "parent_id",
  "variations", "categories", "tags", "images", "attributes", "meta_data"
]);
/** Reads a member as one of these. */
export const readProduct = model(Product);

/** A category or tag. */
export class Term {
  /** Its id. */
  declare readonly id: Id;
  /** Its name. */
  declare readonly name: string;
  /** Its name in URLs. */
  declare readonly slug: string;
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.name = typeof (value = from.name) === "string" ? value : text(value, "name");
    this.slug = typeof (value = from.slug) === "string" ? value : text(value, "slug");
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_TERM, this.source);
  }
}

const KNOWN_TERM = new Set([
  "id", "name", "slug"
]);
/** Reads a member as one of these. */
export const readTerm = model(Term);

/** A picture. */
export class Image {
  /** Its id; `0` or empty for the placeholder. */
  declare readonly id: Id;
  /** Its URL. */
  declare readonly src: string;
  /** What it shows. */
  declare readonly alt: string;
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.src = typeof (value = from.src) === "string" ? value : text(value, "src");
    this.alt = typeof (value = from.alt) === "string" ? value : text(value, "alt");
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_IMAGE, this.source);
  }
}

const KNOWN_IMAGE = new Set([
  "id", "src", "alt"
]);
/** Reads a member as one of these. */
export const readImage = model(Image);

/** An attribute of a product (`options`) or of a variation (`option`). */
export class Attribute {
  /** Its id; 0 when it belongs to this product alone. */
  declare readonly id: Id;
  /** Its name (`Colour`). */
  declare readonly name: string;
  /** The value a variation has. */
  declare readonly option: string;
  /** The values a product comes in. */
  declare readonly options: string[];
  /** Whether variations differ in it. */
  declare readonly variation: boolean;
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.name = typeof (value = from.name) === "string" ? value : text(value, "name");
    this.option = typeof (value = from.option) === "string" ? value : text(value, "option");
    this.options = list(from.options, "options", text, source);
    this.variation = flag(from.variation, "variation");
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_ATTRIBUTE, this.source);
  }
}

const KNOWN_ATTRIBUTE = new Set([
  "id", "name", "option", "options", "variation"
]);
/** Reads a member as one of these. */
export const readAttribute = model(Attribute);

/** A customer with an account. */
export class Customer {
  /** Its id. */
  declare readonly id: Id;
  /** When the account was made, UTC. */
  declare readonly date_created_gmt: ShopTime;
  /** When it was last changed, UTC. */
  declare readonly date_modified_gmt: ShopTime;
  /** E-mail. */
  declare readonly email: string;
  /** Given name. */
  declare readonly first_name: string;
  /** Family name. */
  declare readonly last_name: string;
  /** The WordPress role (`customer`). */
  declare readonly role: string;
  /** The login name. */
  declare readonly username: string;
  /** Where bills go. */
  declare readonly billing: Address;
  /** Where parcels go. */
  declare readonly shipping: Address;
  /** Whether they have paid for anything yet. */
  declare readonly is_paying_customer: boolean;
  /** What plug-ins know. */
  declare readonly meta_data: Meta[];
  private declare readonly from: Members;
  private declare readonly source: Source;

  constructor(from: Members, source: Source) {
    let value: Node | undefined;
    this.id = id(from.id, "id");
    this.date_created_gmt = typeof (value = from.date_created_gmt) === "string" ? value : text(value, "date_created_gmt");
    this.date_modified_gmt = typeof (value = from.date_modified_gmt) === "string" ? value : text(value, "date_modified_gmt");
    this.email = typeof (value = from.email) === "string" ? value : text(value, "email");
    this.first_name = typeof (value = from.first_name) === "string" ? value : text(value, "first_name");
    this.last_name = typeof (value = from.last_name) === "string" ? value : text(value, "last_name");
    this.role = typeof (value = from.role) === "string" ? value : text(value, "role");
    this.username = typeof (value = from.username) === "string" ? value : text(value, "username");
    this.billing = readAddress(from.billing, "billing", source);
    this.shipping = readAddress(from.shipping, "shipping", source);
    this.is_paying_customer = flag(from.is_paying_customer, "is_paying_customer");
    this.meta_data = list(from.meta_data, "meta_data", readMeta, source);
    this.from = from;
    this.source = source;
  }

  /** The fields this model does not know. */
  get extra(): Extra {
    return new Extra(this.from, KNOWN_CUSTOMER, this.source);
  }
}
export interface Customer extends CustomerQuestions {}
asked(Customer, CustomerQuestions);

const KNOWN_CUSTOMER = new Set([
  "id", "date_created_gmt", "date_modified_gmt", "email", "first_name", "last_name", "role",
  "username", "billing", "shipping", "is_paying_customer", "meta_data"
]);
/** Reads a member as one of these. */
export const readCustomer = model(Customer);
