/** What WooCommerce sends, field by field. Made from `models/woocommerce.toml`; do not edit. */

import type { Decimal } from "../decimal.ts";
import type { Members, Source } from "../json/source.ts";
import * as read from "./fields.ts";
import type { Extra, Id, Json, ShopTime } from "./fields.ts";
import {
  AddressQuestions,
  CustomerQuestions,
  LineItemQuestions,
  OrderQuestions,
  ProductQuestions,
} from "./questions.ts";

/**
 * A billing or shipping address. Fields of plug-ins (`cpf`, `cnpj`, `number`, `neighborhood`,
 * `cellphone`) are in `extra`.
 */
export class Address extends AddressQuestions {
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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    super();
    this.first_name = read.text(from, "first_name");
    this.last_name = read.text(from, "last_name");
    this.company = read.text(from, "company");
    this.address_1 = read.text(from, "address_1");
    this.address_2 = read.text(from, "address_2");
    this.city = read.text(from, "city");
    this.state = read.text(from, "state");
    this.postcode = read.text(from, "postcode");
    this.country = read.text(from, "country");
    this.email = read.text(from, "email");
    this.phone = read.text(from, "phone");
    this.extra = new read.Extra(from, KNOWN_ADDRESS, source);
  }
}

const KNOWN_ADDRESS = new Set([
  "first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode",
  "country", "email", "phone"
]);
/** Reads a member as one of these. */
export const readAddress = read.model(Address);

/** One meta entry: a name and any JSON value. */
export class Meta {
  /** Its id. */
  declare readonly id: Id;
  /** Its name (`_billing_cpf`). */
  declare readonly key: string;
  /** Its value; plug-ins put any JSON there. */
  declare readonly value: Json;
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.key = read.text(from, "key");
    this.value = read.json(from, "value", source);
    this.extra = new read.Extra(from, KNOWN_META, source);
  }
}

const KNOWN_META = new Set([
  "id", "key", "value"
]);
/** Reads a member as one of these. */
export const readMeta = read.model(Meta);

/** An order as a webhook or `GET /orders/{id}` gives it. */
export class Order extends OrderQuestions {
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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    super();
    read.required(from, "status", "currency", "total");
    this.id = read.id(from, "id");
    this.parent_id = read.id(from, "parent_id");
    this.number = read.text(from, "number");
    this.status = read.text(from, "status");
    this.currency = read.text(from, "currency");
    this.prices_include_tax = read.flag(from, "prices_include_tax");
    this.date_created = read.text(from, "date_created");
    this.date_created_gmt = read.text(from, "date_created_gmt");
    this.date_modified_gmt = read.text(from, "date_modified_gmt");
    this.date_paid = read.text(from, "date_paid");
    this.date_paid_gmt = read.text(from, "date_paid_gmt");
    this.date_completed_gmt = read.text(from, "date_completed_gmt");
    this.discount_total = read.amount(from, "discount_total");
    this.discount_tax = read.amount(from, "discount_tax");
    this.shipping_total = read.amount(from, "shipping_total");
    this.shipping_tax = read.amount(from, "shipping_tax");
    this.cart_tax = read.amount(from, "cart_tax");
    this.total = read.amount(from, "total");
    this.total_tax = read.amount(from, "total_tax");
    this.customer_id = read.id(from, "customer_id");
    this.customer_note = read.text(from, "customer_note");
    this.billing = readAddress(from, "billing", source);
    this.shipping = readAddress(from, "shipping", source);
    this.payment_method = read.text(from, "payment_method");
    this.payment_method_title = read.text(from, "payment_method_title");
    this.transaction_id = read.text(from, "transaction_id");
    this.created_via = read.text(from, "created_via");
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.line_items = read.list(from, "line_items", readLineItem, source);
    this.tax_lines = read.list(from, "tax_lines", readTaxLine, source);
    this.shipping_lines = read.list(from, "shipping_lines", readShippingLine, source);
    this.fee_lines = read.list(from, "fee_lines", readFeeLine, source);
    this.coupon_lines = read.list(from, "coupon_lines", readCouponLine, source);
    this.refunds = read.list(from, "refunds", readRefund, source);
    this.extra = new read.Extra(from, KNOWN_ORDER, source);
  }
}

const KNOWN_ORDER = new Set([
  "id", "parent_id", "number", "status", "currency", "prices_include_tax", "date_created",
  "date_created_gmt", "date_modified_gmt", "date_paid", "date_paid_gmt", "date_completed_gmt",
  "discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax", "total",
  "total_tax", "customer_id", "customer_note", "billing", "shipping", "payment_method",
  "payment_method_title", "transaction_id", "created_via", "meta_data", "line_items", "tax_lines",
  "shipping_lines", "fee_lines", "coupon_lines", "refunds"
]);
/** Reads a member as one of these. */
export const readOrder = read.model(Order);

/** A line of goods. */
export class LineItem extends LineItemQuestions {
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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    super();
    this.id = read.id(from, "id");
    this.name = read.text(from, "name");
    this.product_id = read.id(from, "product_id");
    this.variation_id = read.id(from, "variation_id");
    this.sku = read.text(from, "sku");
    this.quantity = read.amount(from, "quantity");
    this.tax_class = read.text(from, "tax_class");
    this.subtotal = read.amount(from, "subtotal");
    this.subtotal_tax = read.amount(from, "subtotal_tax");
    this.total = read.amount(from, "total");
    this.total_tax = read.amount(from, "total_tax");
    this.taxes = read.list(from, "taxes", readLineTax, source);
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.extra = new read.Extra(from, KNOWN_LINE_ITEM, source);
  }
}

const KNOWN_LINE_ITEM = new Set([
  "id", "name", "product_id", "variation_id", "sku", "quantity", "tax_class", "subtotal",
  "subtotal_tax", "total", "total_tax", "taxes", "meta_data"
]);
/** Reads a member as one of these. */
export const readLineItem = read.model(LineItem);

/** The tax of one rate on one line. */
export class LineTax {
  /** The rate's id, as in {@link TaxLine.rate_id}. */
  declare readonly id: Id;
  /** After coupons. */
  declare readonly total: Decimal;
  /** Before coupons. */
  declare readonly subtotal: Decimal;
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.total = read.amount(from, "total");
    this.subtotal = read.amount(from, "subtotal");
    this.extra = new read.Extra(from, KNOWN_LINE_TAX, source);
  }
}

const KNOWN_LINE_TAX = new Set([
  "id", "total", "subtotal"
]);
/** Reads a member as one of these. */
export const readLineTax = read.model(LineTax);

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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.rate_code = read.text(from, "rate_code");
    this.rate_id = read.id(from, "rate_id");
    this.label = read.text(from, "label");
    this.compound = read.flag(from, "compound");
    this.tax_total = read.amount(from, "tax_total");
    this.shipping_tax_total = read.amount(from, "shipping_tax_total");
    this.rate_percent = read.amount(from, "rate_percent");
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.extra = new read.Extra(from, KNOWN_TAX_LINE, source);
  }
}

const KNOWN_TAX_LINE = new Set([
  "id", "rate_code", "rate_id", "label", "compound", "tax_total", "shipping_tax_total",
  "rate_percent", "meta_data"
]);
/** Reads a member as one of these. */
export const readTaxLine = read.model(TaxLine);

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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.method_title = read.text(from, "method_title");
    this.method_id = read.text(from, "method_id");
    this.total = read.amount(from, "total");
    this.total_tax = read.amount(from, "total_tax");
    this.taxes = read.list(from, "taxes", readLineTax, source);
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.extra = new read.Extra(from, KNOWN_SHIPPING_LINE, source);
  }
}

const KNOWN_SHIPPING_LINE = new Set([
  "id", "method_title", "method_id", "total", "total_tax", "taxes", "meta_data"
]);
/** Reads a member as one of these. */
export const readShippingLine = read.model(ShippingLine);

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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.name = read.text(from, "name");
    this.tax_class = read.text(from, "tax_class");
    this.tax_status = read.text(from, "tax_status");
    this.total = read.amount(from, "total");
    this.total_tax = read.amount(from, "total_tax");
    this.taxes = read.list(from, "taxes", readLineTax, source);
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.extra = new read.Extra(from, KNOWN_FEE_LINE, source);
  }
}

const KNOWN_FEE_LINE = new Set([
  "id", "name", "tax_class", "tax_status", "total", "total_tax", "taxes", "meta_data"
]);
/** Reads a member as one of these. */
export const readFeeLine = read.model(FeeLine);

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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.code = read.text(from, "code");
    this.discount = read.amount(from, "discount");
    this.discount_tax = read.amount(from, "discount_tax");
    this.discount_type = read.text(from, "discount_type");
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.extra = new read.Extra(from, KNOWN_COUPON_LINE, source);
  }
}

const KNOWN_COUPON_LINE = new Set([
  "id", "code", "discount", "discount_tax", "discount_type", "meta_data"
]);
/** Reads a member as one of these. */
export const readCouponLine = read.model(CouponLine);

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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.reason = read.text(from, "reason");
    this.total = read.amount(from, "total");
    this.amount = read.amount(from, "amount");
    this.parent_id = read.id(from, "parent_id");
    this.date_created_gmt = read.text(from, "date_created_gmt");
    this.refunded_by = read.id(from, "refunded_by");
    this.refunded_payment = read.flag(from, "refunded_payment");
    this.line_items = read.list(from, "line_items", readLineItem, source);
    this.shipping_lines = read.list(from, "shipping_lines", readShippingLine, source);
    this.fee_lines = read.list(from, "fee_lines", readFeeLine, source);
    this.tax_lines = read.list(from, "tax_lines", readTaxLine, source);
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.extra = new read.Extra(from, KNOWN_REFUND, source);
  }
}

const KNOWN_REFUND = new Set([
  "id", "reason", "total", "amount", "parent_id", "date_created_gmt", "refunded_by",
  "refunded_payment", "line_items", "shipping_lines", "fee_lines", "tax_lines", "meta_data"
]);
/** Reads a member as one of these. */
export const readRefund = read.model(Refund);

/** A product, or a variation of one (`type` `variation`, with `parent_id`). */
export class Product extends ProductQuestions {
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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    super();
    this.id = read.id(from, "id");
    this.name = read.text(from, "name");
    this.slug = read.text(from, "slug");
    this.kind = read.text(from, "type");
    this.status = read.text(from, "status");
    this.date_created_gmt = read.text(from, "date_created_gmt");
    this.date_modified_gmt = read.text(from, "date_modified_gmt");
    this.sku = read.text(from, "sku");
    this.global_unique_id = read.text(from, "global_unique_id");
    this.price = read.amount(from, "price");
    this.regular_price = read.amount(from, "regular_price");
    this.sale_price = read.amount(from, "sale_price");
    this.description = read.text(from, "description");
    this.short_description = read.text(from, "short_description");
    this.tax_status = read.text(from, "tax_status");
    this.tax_class = read.text(from, "tax_class");
    this.manage_stock = read.text(from, "manage_stock");
    this.stock_quantity = read.amount(from, "stock_quantity");
    this.stock_status = read.text(from, "stock_status");
    this.weight = read.amount(from, "weight");
    this.parent_id = read.id(from, "parent_id");
    this.variations = read.list(from, "variations", read.id, source);
    this.categories = read.list(from, "categories", readTerm, source);
    this.tags = read.list(from, "tags", readTerm, source);
    this.images = read.list(from, "images", readImage, source);
    this.attributes = read.list(from, "attributes", readAttribute, source);
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.extra = new read.Extra(from, KNOWN_PRODUCT, source);
  }
}

const KNOWN_PRODUCT = new Set([
  "id", "name", "slug", "type", "status", "date_created_gmt", "date_modified_gmt", "sku",
  "global_unique_id", "price", "regular_price", "sale_price", "description", "short_description",
  "tax_status", "tax_class", "manage_stock", "stock_quantity", "stock_status", "weight", "parent_id",
  "variations", "categories", "tags", "images", "attributes", "meta_data"
]);
/** Reads a member as one of these. */
export const readProduct = read.model(Product);

/** A category or tag. */
export class Term {
  /** Its id. */
  declare readonly id: Id;
  /** Its name. */
  declare readonly name: string;
  /** Its name in URLs. */
  declare readonly slug: string;
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.name = read.text(from, "name");
    this.slug = read.text(from, "slug");
    this.extra = new read.Extra(from, KNOWN_TERM, source);
  }
}

const KNOWN_TERM = new Set([
  "id", "name", "slug"
]);
/** Reads a member as one of these. */
export const readTerm = read.model(Term);

/** A picture. */
export class Image {
  /** Its id; `0` or empty for the placeholder. */
  declare readonly id: Id;
  /** Its URL. */
  declare readonly src: string;
  /** What it shows. */
  declare readonly alt: string;
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.src = read.text(from, "src");
    this.alt = read.text(from, "alt");
    this.extra = new read.Extra(from, KNOWN_IMAGE, source);
  }
}

const KNOWN_IMAGE = new Set([
  "id", "src", "alt"
]);
/** Reads a member as one of these. */
export const readImage = read.model(Image);

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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    this.id = read.id(from, "id");
    this.name = read.text(from, "name");
    this.option = read.text(from, "option");
    this.options = read.list(from, "options", read.text, source);
    this.variation = read.flag(from, "variation");
    this.extra = new read.Extra(from, KNOWN_ATTRIBUTE, source);
  }
}

const KNOWN_ATTRIBUTE = new Set([
  "id", "name", "option", "options", "variation"
]);
/** Reads a member as one of these. */
export const readAttribute = read.model(Attribute);

/** A customer with an account. */
export class Customer extends CustomerQuestions {
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
  /** The fields this model does not know. */
  declare readonly extra: Extra;

  constructor(from: Members, source: Source) {
    super();
    this.id = read.id(from, "id");
    this.date_created_gmt = read.text(from, "date_created_gmt");
    this.date_modified_gmt = read.text(from, "date_modified_gmt");
    this.email = read.text(from, "email");
    this.first_name = read.text(from, "first_name");
    this.last_name = read.text(from, "last_name");
    this.role = read.text(from, "role");
    this.username = read.text(from, "username");
    this.billing = readAddress(from, "billing", source);
    this.shipping = readAddress(from, "shipping", source);
    this.is_paying_customer = read.flag(from, "is_paying_customer");
    this.meta_data = read.list(from, "meta_data", readMeta, source);
    this.extra = new read.Extra(from, KNOWN_CUSTOMER, source);
  }
}

const KNOWN_CUSTOMER = new Set([
  "id", "date_created_gmt", "date_modified_gmt", "email", "first_name", "last_name", "role",
  "username", "billing", "shipping", "is_paying_customer", "meta_data"
]);
/** Reads a member as one of these. */
export const readCustomer = read.model(Customer);
