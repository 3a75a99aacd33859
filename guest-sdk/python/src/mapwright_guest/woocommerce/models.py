"""What WooCommerce sends, field by field. Made from `models/woocommerce.toml`; do not edit."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from .. import _reading as _read
from .._reading import Extra, Id, Json, ShopTime
from ..money import ZERO
from . import _answers


@dataclass(kw_only=True)
class Address(_answers.AddressAnswers):
    """A billing or shipping address. Fields of plug-ins (``cpf``, ``cnpj``, ``number``, ``neighborhood``,
    ``cellphone``) are in ``extra``."""

    first_name: str = ""
    """Given name."""
    last_name: str = ""
    """Family name."""
    company: str = ""
    """Company."""
    address_1: str = ""
    """Street, with the number where the shop does not ask for it apart."""
    address_2: str = ""
    """Flat, floor, building."""
    city: str = ""
    """City."""
    state: str = ""
    """State: the part of an ISO 3166-2 code after the hyphen (``SP``), or free text."""
    postcode: str = ""
    """Postal code."""
    country: str = ""
    """ISO 3166-1 alpha-2."""
    email: str = ""
    """E-mail; only in billing addresses."""
    phone: str = ""
    """Telephone."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class Meta(_read.Model):
    """One meta entry: a name and any JSON value."""

    id: Id = Id()
    """Its id."""
    key: str = ""
    """Its name (``_billing_cpf``)."""
    value: Json = field(default_factory=Json)
    """Its value; plug-ins put any JSON there."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class Order(_answers.OrderAnswers):
    """An order as a webhook or ``GET /orders/{id}`` gives it."""

    id: Id = Id()
    """Its id."""
    parent_id: Id = Id()
    """The order it belongs to (of a subscription); mostly ``0``."""
    number: str = ""
    """The number the customer sees; plug-ins change it."""
    status: str = ""
    """``pending``, ``processing``, ``on-hold``, ``completed``, ``cancelled``, ``refunded``, ``failed``,
    ``trash``, ``auto-draft``, ``checkout-draft``, or a plug-in's own."""
    currency: str = ""
    """ISO 4217."""
    prices_include_tax: bool = False
    """Whether prices were entered with tax in them. Amounts here are without, either way."""
    date_created: ShopTime = ShopTime()
    """When it was placed, in the shop's zone."""
    date_created_gmt: ShopTime = ShopTime()
    """When it was placed, UTC."""
    date_modified_gmt: ShopTime = ShopTime()
    """When it was last changed, UTC."""
    date_paid: ShopTime = ShopTime()
    """When it was paid, in the shop's zone."""
    date_paid_gmt: ShopTime = ShopTime()
    """When it was paid, UTC."""
    date_completed_gmt: ShopTime = ShopTime()
    """When it was completed, UTC."""
    discount_total: Decimal = ZERO
    """All coupons, before tax."""
    discount_tax: Decimal = ZERO
    """The tax saved by coupons."""
    shipping_total: Decimal = ZERO
    """Shipping before tax."""
    shipping_tax: Decimal = ZERO
    """The tax on shipping."""
    cart_tax: Decimal = ZERO
    """The tax on lines and fees."""
    total: Decimal = ZERO
    """What the customer pays. The truth: lines may differ from it by rounding."""
    total_tax: Decimal = ZERO
    """All tax."""
    customer_id: Id = Id()
    """The customer's account; ``0`` for guests."""
    customer_note: str = ""
    """What the customer wrote."""
    billing: Address = field(default_factory=lambda: Address())
    """Where the bill goes."""
    shipping: Address = field(default_factory=lambda: Address())
    """Where the parcel goes; empty when as ``billing``, see ``Order.delivery_address``."""
    payment_method: str = ""
    """Id of the payment method (``mercadopago``)."""
    payment_method_title: str = ""
    """Its name for people."""
    transaction_id: str = ""
    """The payment's id at the payment service."""
    created_via: str = ""
    """Where the order was placed (``checkout``, ``rest-api``, ``store-api``, ``admin``)."""
    meta_data: list[Meta] = field(default_factory=list)
    """What plug-ins know."""
    line_items: list[LineItem] = field(default_factory=list)
    """What was bought."""
    tax_lines: list[TaxLine] = field(default_factory=list)
    """Tax by rate."""
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    """How it is shipped."""
    fee_lines: list[FeeLine] = field(default_factory=list)
    """Surcharges, and discounts as negative fees."""
    coupon_lines: list[CouponLine] = field(default_factory=list)
    """Coupons used; their effect is in the lines' totals already."""
    refunds: list[Refund] = field(default_factory=list)
    """What was given back; ``total`` is negative."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class LineItem(_answers.LineItemAnswers):
    """A line of goods."""

    id: Id = Id()
    """Its id."""
    name: str = ""
    """The product's name when it was bought."""
    product_id: Id = Id()
    """The product; ``0`` when it was deleted since."""
    variation_id: Id = Id()
    """The variation; ``0`` for products without."""
    sku: str = ""
    """The SKU; empty when the product has none or was deleted."""
    quantity: Decimal = ZERO
    """How many."""
    tax_class: str = ""
    """Tax class; empty for the standard one."""
    subtotal: Decimal = ZERO
    """All of the line before coupons, before tax."""
    subtotal_tax: Decimal = ZERO
    """The tax before coupons."""
    total: Decimal = ZERO
    """All of the line after coupons, before tax."""
    total_tax: Decimal = ZERO
    """The tax after coupons."""
    taxes: list[LineTax] = field(default_factory=list)
    """Tax by rate."""
    meta_data: list[Meta] = field(default_factory=list)
    """Options chosen and what plug-ins know."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class LineTax(_read.Model):
    """The tax of one rate on one line."""

    id: Id = Id()
    """The rate's id, as in ``TaxLine.rate_id``."""
    total: Decimal = ZERO
    """After coupons."""
    subtotal: Decimal = ZERO
    """Before coupons."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class TaxLine(_read.Model):
    """The tax of one rate on the whole order."""

    id: Id = Id()
    """Its id."""
    rate_code: str = ""
    """The rate's code (``BR-SP-ICMS SP-1``)."""
    rate_id: Id = Id()
    """The rate's id."""
    label: str = ""
    """Its name for people."""
    compound: bool = False
    """Whether it is taken on top of other taxes."""
    tax_total: Decimal = ZERO
    """On lines and fees."""
    shipping_tax_total: Decimal = ZERO
    """On shipping."""
    rate_percent: Decimal = ZERO
    """In percent."""
    meta_data: list[Meta] = field(default_factory=list)
    """What plug-ins know."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class ShippingLine(_read.Model):
    """A way of shipping."""

    id: Id = Id()
    """Its id."""
    method_title: str = ""
    """Its name for people."""
    method_id: str = ""
    """The method (``flat_rate``)."""
    total: Decimal = ZERO
    """Before tax."""
    total_tax: Decimal = ZERO
    """The tax."""
    taxes: list[LineTax] = field(default_factory=list)
    """Tax by rate."""
    meta_data: list[Meta] = field(default_factory=list)
    """What plug-ins know."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class FeeLine(_read.Model):
    """A surcharge, or a discount when negative."""

    id: Id = Id()
    """Its id."""
    name: str = ""
    """Its name."""
    tax_class: str = ""
    """Tax class."""
    tax_status: str = ""
    """``taxable`` or ``none``; a negative fee is taxed either way."""
    total: Decimal = ZERO
    """Before tax."""
    total_tax: Decimal = ZERO
    """The tax."""
    taxes: list[LineTax] = field(default_factory=list)
    """Tax by rate."""
    meta_data: list[Meta] = field(default_factory=list)
    """What plug-ins know."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class CouponLine(_read.Model):
    """A coupon that was used."""

    id: Id = Id()
    """Its id."""
    code: str = ""
    """Its code, in lower case."""
    discount: Decimal = ZERO
    """What it took off, before tax."""
    discount_tax: Decimal = ZERO
    """The tax it took off."""
    discount_type: str = ""
    """``percent``, ``fixed_cart``, ``fixed_product``."""
    meta_data: list[Meta] = field(default_factory=list)
    """What plug-ins know."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class Refund(_read.Model):
    """Money given back. In an order only ``id``, ``reason`` and ``total`` are there; ``GET
    /orders/{id}/refunds/{id}`` gives the rest."""

    id: Id = Id()
    """Its id."""
    reason: str = ""
    """Why."""
    total: Decimal = ZERO
    """How much, negative; only in an order."""
    amount: Decimal = ZERO
    """How much, positive; only in the refund itself."""
    parent_id: Id = Id()
    """The order, where the shop says it."""
    date_created_gmt: ShopTime = ShopTime()
    """When it was made, UTC."""
    refunded_by: Id = Id()
    """The user who made it."""
    refunded_payment: bool = False
    """Whether the payment service gave the money back."""
    line_items: list[LineItem] = field(default_factory=list)
    """Goods given back: quantities and totals are negative, the meta ``_refunded_item_id`` names the order's
    line."""
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    """Shipping given back, negative."""
    fee_lines: list[FeeLine] = field(default_factory=list)
    """Fees given back, negative."""
    tax_lines: list[TaxLine] = field(default_factory=list)
    """Tax given back by rate, negative."""
    meta_data: list[Meta] = field(default_factory=list)
    """What plug-ins know."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class Product(_answers.ProductAnswers):
    """A product, or a variation of one (``type`` ``variation``, with ``parent_id``)."""

    id: Id = Id()
    """Its id."""
    name: str = ""
    """Its name."""
    slug: str = ""
    """Its name in URLs."""
    kind: str = ""
    """``simple``, ``variable``, ``variation``, ``grouped``, ``external``."""
    status: str = ""
    """``publish``, ``draft``, ``pending``, ``private``, ``trash``."""
    date_created_gmt: ShopTime = ShopTime()
    """When it was made, UTC."""
    date_modified_gmt: ShopTime = ShopTime()
    """When it was last changed, UTC."""
    sku: str = ""
    """Its SKU; may be empty."""
    global_unique_id: str = ""
    """GTIN, EAN, UPC or ISBN."""
    price: Decimal = ZERO
    """What it costs now."""
    regular_price: Decimal = ZERO
    """What it costs without a sale."""
    sale_price: Decimal = ZERO
    """What it costs in a sale; zero when there is none."""
    description: str = ""
    """Text for the page."""
    short_description: str = ""
    """Short text for the page."""
    tax_status: str = ""
    """``taxable``, ``shipping``, ``none``."""
    tax_class: str = ""
    """Tax class; empty for the standard one."""
    manage_stock: str = ""
    """Whether the shop counts its stock: ``true``, ``false`` (then ``stock_quantity`` says nothing), or
    ``parent`` for a variation whose product is counted as a whole."""
    stock_quantity: Decimal = ZERO
    """How many there are."""
    stock_status: str = ""
    """``instock``, ``outofstock``, ``onbackorder``."""
    weight: Decimal = ZERO
    """Weight in the shop's unit."""
    parent_id: Id = Id()
    """The product this is a variation of."""
    variations: list[Id] = field(default_factory=list)
    """The variations of this product."""
    categories: list[Term] = field(default_factory=list)
    """Categories."""
    tags: list[Term] = field(default_factory=list)
    """Tags."""
    images: list[Image] = field(default_factory=list)
    """Pictures."""
    attributes: list[Attribute] = field(default_factory=list)
    """Colour, size and the like."""
    meta_data: list[Meta] = field(default_factory=list)
    """What plug-ins know."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class Term(_read.Model):
    """A category or tag."""

    id: Id = Id()
    """Its id."""
    name: str = ""
    """Its name."""
    slug: str = ""
    """Its name in URLs."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class Image(_read.Model):
    """A picture."""

    id: Id = Id()
    """Its id; ``0`` or empty for the placeholder."""
    src: str = ""
    """Its URL."""
    alt: str = ""
    """What it shows."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class Attribute(_read.Model):
    """An attribute of a product (``options``) or of a variation (``option``)."""

    id: Id = Id()
    """Its id; 0 when it belongs to this product alone."""
    name: str = ""
    """Its name (``Colour``)."""
    option: str = ""
    """The value a variation has."""
    options: list[str] = field(default_factory=list)
    """The values a product comes in."""
    variation: bool = False
    """Whether variations differ in it."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""


@dataclass(kw_only=True)
class Customer(_answers.WithMeta):
    """A customer with an account."""

    id: Id = Id()
    """Its id."""
    date_created_gmt: ShopTime = ShopTime()
    """When the account was made, UTC."""
    date_modified_gmt: ShopTime = ShopTime()
    """When it was last changed, UTC."""
    email: str = ""
    """E-mail."""
    first_name: str = ""
    """Given name."""
    last_name: str = ""
    """Family name."""
    role: str = ""
    """The WordPress role (``customer``)."""
    username: str = ""
    """The login name."""
    billing: Address = field(default_factory=lambda: Address())
    """Where bills go."""
    shipping: Address = field(default_factory=lambda: Address())
    """Where parcels go."""
    is_paying_customer: bool = False
    """Whether they have paid for anything yet."""
    meta_data: list[Meta] = field(default_factory=list)
    """What plug-ins know."""
    extra: Extra = field(default_factory=Extra)
    """The fields this model does not know."""

_read.declare(
    Address,
    first_name=_read.text,
    last_name=_read.text,
    company=_read.text,
    address_1=_read.text,
    address_2=_read.text,
    city=_read.text,
    state=_read.text,
    postcode=_read.text,
    country=_read.text,
    email=_read.text,
    phone=_read.text,
)

_read.declare(
    Meta,
    id=_read.id_,
    key=_read.text,
    value=_read.json_,
)

_read.declare(
    Order,
    ("status", "currency", "total",),
    id=_read.id_,
    parent_id=_read.id_,
    number=_read.text,
    status=_read.text,
    currency=_read.text,
    prices_include_tax=_read.flag,
    date_created=_read.time,
    date_created_gmt=_read.time,
    date_modified_gmt=_read.time,
    date_paid=_read.time,
    date_paid_gmt=_read.time,
    date_completed_gmt=_read.time,
    discount_total=_read.number,
    discount_tax=_read.number,
    shipping_total=_read.number,
    shipping_tax=_read.number,
    cart_tax=_read.number,
    total=_read.number,
    total_tax=_read.number,
    customer_id=_read.id_,
    customer_note=_read.text,
    billing=_read.model(Address),
    shipping=_read.model(Address),
    payment_method=_read.text,
    payment_method_title=_read.text,
    transaction_id=_read.text,
    created_via=_read.text,
    meta_data=_read.list_of(_read.model(Meta)),
    line_items=_read.list_of(_read.model(LineItem)),
    tax_lines=_read.list_of(_read.model(TaxLine)),
    shipping_lines=_read.list_of(_read.model(ShippingLine)),
    fee_lines=_read.list_of(_read.model(FeeLine)),
    coupon_lines=_read.list_of(_read.model(CouponLine)),
    refunds=_read.list_of(_read.model(Refund)),
)

_read.declare(
    LineItem,
    id=_read.id_,
    name=_read.text,
    product_id=_read.id_,
    variation_id=_read.id_,
    sku=_read.text,
    quantity=_read.number,
    tax_class=_read.text,
    subtotal=_read.number,
    subtotal_tax=_read.number,
    total=_read.number,
    total_tax=_read.number,
    taxes=_read.list_of(_read.model(LineTax)),
    meta_data=_read.list_of(_read.model(Meta)),
)

_read.declare(
    LineTax,
    id=_read.id_,
    total=_read.number,
    subtotal=_read.number,
)

_read.declare(
    TaxLine,
    id=_read.id_,
    rate_code=_read.text,
    rate_id=_read.id_,
    label=_read.text,
    compound=_read.flag,
    tax_total=_read.number,
    shipping_tax_total=_read.number,
    rate_percent=_read.number,
    meta_data=_read.list_of(_read.model(Meta)),
)

_read.declare(
    ShippingLine,
    id=_read.id_,
    method_title=_read.text,
    method_id=_read.text,
    total=_read.number,
    total_tax=_read.number,
    taxes=_read.list_of(_read.model(LineTax)),
    meta_data=_read.list_of(_read.model(Meta)),
)

_read.declare(
    FeeLine,
    id=_read.id_,
    name=_read.text,
    tax_class=_read.text,
    tax_status=_read.text,
    total=_read.number,
    total_tax=_read.number,
    taxes=_read.list_of(_read.model(LineTax)),
    meta_data=_read.list_of(_read.model(Meta)),
)

_read.declare(
    CouponLine,
    id=_read.id_,
    code=_read.text,
    discount=_read.number,
    discount_tax=_read.number,
    discount_type=_read.text,
    meta_data=_read.list_of(_read.model(Meta)),
)

_read.declare(
    Refund,
    id=_read.id_,
    reason=_read.text,
    total=_read.number,
    amount=_read.number,
    parent_id=_read.id_,
    date_created_gmt=_read.time,
    refunded_by=_read.id_,
    refunded_payment=_read.flag,
    line_items=_read.list_of(_read.model(LineItem)),
    shipping_lines=_read.list_of(_read.model(ShippingLine)),
    fee_lines=_read.list_of(_read.model(FeeLine)),
    tax_lines=_read.list_of(_read.model(TaxLine)),
    meta_data=_read.list_of(_read.model(Meta)),
)

_read.declare(
    Product,
    id=_read.id_,
    name=_read.text,
    slug=_read.text,
    kind=("type", _read.text),
    status=_read.text,
    date_created_gmt=_read.time,
    date_modified_gmt=_read.time,
    sku=_read.text,
    global_unique_id=_read.text,
    price=_read.number,
    regular_price=_read.number,
    sale_price=_read.number,
    description=_read.text,
    short_description=_read.text,
    tax_status=_read.text,
    tax_class=_read.text,
    manage_stock=_read.text,
    stock_quantity=_read.number,
    stock_status=_read.text,
    weight=_read.number,
    parent_id=_read.id_,
    variations=_read.list_of(_read.id_),
    categories=_read.list_of(_read.model(Term)),
    tags=_read.list_of(_read.model(Term)),
    images=_read.list_of(_read.model(Image)),
    attributes=_read.list_of(_read.model(Attribute)),
    meta_data=_read.list_of(_read.model(Meta)),
)

_read.declare(
    Term,
    id=_read.id_,
    name=_read.text,
    slug=_read.text,
)

_read.declare(
    Image,
    id=_read.id_,
    src=_read.text,
    alt=_read.text,
)

_read.declare(
    Attribute,
    id=_read.id_,
    name=_read.text,
    option=_read.text,
    options=_read.list_of(_read.text),
    variation=_read.flag,
)

_read.declare(
    Customer,
    id=_read.id_,
    date_created_gmt=_read.time,
    date_modified_gmt=_read.time,
    email=_read.text,
    first_name=_read.text,
    last_name=_read.text,
    role=_read.text,
    username=_read.text,
    billing=_read.model(Address),
    shipping=_read.model(Address),
    is_paying_customer=_read.flag,
    meta_data=_read.list_of(_read.model(Meta)),
)
