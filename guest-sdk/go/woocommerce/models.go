// Code generated from models/woocommerce.toml; DO NOT EDIT.

package woocommerce

import (
	"mapwright.dev/guest"
	"mapwright.dev/guest/internal/jsontext"
	"mapwright.dev/guest/money"
)

// Address is a billing or shipping address. Fields of plug-ins (`cpf`, `cnpj`, `number`,
// `neighborhood`, `cellphone`) are in `extra`.
type Address struct {
	// Given name.
	FirstName string
	// Family name.
	LastName string
	// Company.
	Company string
	// Street, with the number where the shop does not ask for it apart.
	Address1 string
	// Flat, floor, building.
	Address2 string
	// City.
	City string
	// State: the part of an ISO 3166-2 code after the hyphen (`SP`), or free text.
	State string
	// Postal code.
	Postcode string
	// ISO 3166-1 alpha-2.
	Country string
	// E-mail; only in billing addresses.
	Email string
	// Telephone.
	Phone string
	// The fields this model does not know.
	Extra Extra
}

func (m *Address) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "first_name":
		m.FirstName = readText(r)
	case "last_name":
		m.LastName = readText(r)
	case "company":
		m.Company = readText(r)
	case "address_1":
		m.Address1 = readText(r)
	case "address_2":
		m.Address2 = readText(r)
	case "city":
		m.City = readText(r)
	case "state":
		m.State = readText(r)
	case "postcode":
		m.Postcode = readText(r)
	case "country":
		m.Country = readText(r)
	case "email":
		m.Email = readText(r)
	case "phone":
		m.Phone = readText(r)
	default:
		return false
	}
	return true
}

func (m *Address) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Address) required() []string { return nil }

func readAddress(r *jsontext.Reader) (m Address) {
	readModel(r, &m)
	return m
}

// Meta is one meta entry: a name and any JSON value.
type Meta struct {
	// Its id.
	ID ID
	// Its name (`_billing_cpf`).
	Key string
	// Its value; plug-ins put any JSON there.
	Value guest.JSON
	// The fields this model does not know.
	Extra Extra
}

func (m *Meta) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "key":
		m.Key = readText(r)
	case "value":
		m.Value = readJSON(r)
	default:
		return false
	}
	return true
}

func (m *Meta) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Meta) required() []string { return nil }

func readMeta(r *jsontext.Reader) (m Meta) {
	readModel(r, &m)
	return m
}

// Order is an order as a webhook or `GET /orders/{id}` gives it.
type Order struct {
	// Its id.
	ID ID
	// The order it belongs to (of a subscription); mostly `0`.
	ParentID ID
	// The number the customer sees; plug-ins change it.
	Number string
	// `pending`, `processing`, `on-hold`, `completed`, `cancelled`, `refunded`, `failed`, `trash`,
	// `auto-draft`, `checkout-draft`, or a plug-in's own.
	Status string
	// ISO 4217.
	Currency string
	// Whether prices were entered with tax in them. Amounts here are without, either way.
	PricesIncludeTax bool
	// When it was placed, in the shop's zone.
	DateCreated Time
	// When it was placed, UTC.
	DateCreatedGMT Time
	// When it was last changed, UTC.
	DateModifiedGMT Time
	// When it was paid, in the shop's zone.
	DatePaid Time
	// When it was paid, UTC.
	DatePaidGMT Time
	// When it was completed, UTC.
	DateCompletedGMT Time
	// All coupons, before tax.
	DiscountTotal money.Decimal
	// The tax saved by coupons.
	DiscountTax money.Decimal
	// Shipping before tax.
	ShippingTotal money.Decimal
	// The tax on shipping.
	ShippingTax money.Decimal
	// The tax on lines and fees.
	CartTax money.Decimal
	// What the customer pays. The truth: lines may differ from it by rounding.
	Total money.Decimal
	// All tax.
	TotalTax money.Decimal
	// The customer's account; `0` for guests.
	CustomerID ID
	// What the customer wrote.
	CustomerNote string
	// Where the bill goes.
	Billing Address
	// Where the parcel goes; empty when as `billing`, see [Order.DeliveryAddress].
	Shipping Address
	// Id of the payment method (`mercadopago`).
	PaymentMethod string
	// Its name for people.
	PaymentMethodTitle string
	// The payment's id at the payment service.
	TransactionID string
	// Where the order was placed (`checkout`, `rest-api`, `store-api`, `admin`).
	CreatedVia string
	// What plug-ins know.
	MetaData []Meta
	// What was bought.
	LineItems []LineItem
	// Tax by rate.
	TaxLines []TaxLine
	// How it is shipped.
	ShippingLines []ShippingLine
	// Surcharges, and discounts as negative fees.
	FeeLines []FeeLine
	// Coupons used; their effect is in the lines' totals already.
	CouponLines []CouponLine
	// What was given back; `total` is negative.
	Refunds []Refund
	// The fields this model does not know.
	Extra Extra
}

func (m *Order) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "parent_id":
		m.ParentID = readID(r)
	case "number":
		m.Number = readText(r)
	case "status":
		m.Status = readText(r)
	case "currency":
		m.Currency = readText(r)
	case "prices_include_tax":
		m.PricesIncludeTax = readBool(r)
	case "date_created":
		m.DateCreated = readTime(r)
	case "date_created_gmt":
		m.DateCreatedGMT = readTime(r)
	case "date_modified_gmt":
		m.DateModifiedGMT = readTime(r)
	case "date_paid":
		m.DatePaid = readTime(r)
	case "date_paid_gmt":
		m.DatePaidGMT = readTime(r)
	case "date_completed_gmt":
		m.DateCompletedGMT = readTime(r)
	case "discount_total":
		m.DiscountTotal = readDecimal(r)
	case "discount_tax":
		m.DiscountTax = readDecimal(r)
	case "shipping_total":
		m.ShippingTotal = readDecimal(r)
	case "shipping_tax":
		m.ShippingTax = readDecimal(r)
	case "cart_tax":
		m.CartTax = readDecimal(r)
	case "total":
		m.Total = readDecimal(r)
	case "total_tax":
		m.TotalTax = readDecimal(r)
	case "customer_id":
		m.CustomerID = readID(r)
	case "customer_note":
		m.CustomerNote = readText(r)
	case "billing":
		m.Billing = Address{}
		readModel(r, &m.Billing)
	case "shipping":
		m.Shipping = Address{}
		readModel(r, &m.Shipping)
	case "payment_method":
		m.PaymentMethod = readText(r)
	case "payment_method_title":
		m.PaymentMethodTitle = readText(r)
	case "transaction_id":
		m.TransactionID = readText(r)
	case "created_via":
		m.CreatedVia = readText(r)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	case "line_items":
		m.LineItems = readList(r, readLineItem)
	case "tax_lines":
		m.TaxLines = readList(r, readTaxLine)
	case "shipping_lines":
		m.ShippingLines = readList(r, readShippingLine)
	case "fee_lines":
		m.FeeLines = readList(r, readFeeLine)
	case "coupon_lines":
		m.CouponLines = readList(r, readCouponLine)
	case "refunds":
		m.Refunds = readList(r, readRefund)
	default:
		return false
	}
	return true
}

func (m *Order) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Order) required() []string { return []string{"status", "currency", "total"} }

func readOrder(r *jsontext.Reader) (m Order) {
	readModel(r, &m)
	return m
}

// LineItem is a line of goods.
type LineItem struct {
	// Its id.
	ID ID
	// The product's name when it was bought.
	Name string
	// The product; `0` when it was deleted since.
	ProductID ID
	// The variation; `0` for products without.
	VariationID ID
	// The SKU; empty when the product has none or was deleted.
	SKU string
	// How many.
	Quantity money.Decimal
	// Tax class; empty for the standard one.
	TaxClass string
	// All of the line before coupons, before tax.
	Subtotal money.Decimal
	// The tax before coupons.
	SubtotalTax money.Decimal
	// All of the line after coupons, before tax.
	Total money.Decimal
	// The tax after coupons.
	TotalTax money.Decimal
	// Tax by rate.
	Taxes []LineTax
	// Options chosen and what plug-ins know.
	MetaData []Meta
	// The fields this model does not know.
	Extra Extra
}

func (m *LineItem) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "name":
		m.Name = readText(r)
	case "product_id":
		m.ProductID = readID(r)
	case "variation_id":
		m.VariationID = readID(r)
	case "sku":
		m.SKU = readText(r)
	case "quantity":
		m.Quantity = readDecimal(r)
	case "tax_class":
		m.TaxClass = readText(r)
	case "subtotal":
		m.Subtotal = readDecimal(r)
	case "subtotal_tax":
		m.SubtotalTax = readDecimal(r)
	case "total":
		m.Total = readDecimal(r)
	case "total_tax":
		m.TotalTax = readDecimal(r)
	case "taxes":
		m.Taxes = readList(r, readLineTax)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	default:
		return false
	}
	return true
}

func (m *LineItem) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*LineItem) required() []string { return nil }

func readLineItem(r *jsontext.Reader) (m LineItem) {
	readModel(r, &m)
	return m
}

// LineTax is the tax of one rate on one line.
type LineTax struct {
	// The rate's id, as in [TaxLine.RateID].
	ID ID
	// After coupons.
	Total money.Decimal
	// Before coupons.
	Subtotal money.Decimal
	// The fields this model does not know.
	Extra Extra
}

func (m *LineTax) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "total":
		m.Total = readDecimal(r)
	case "subtotal":
		m.Subtotal = readDecimal(r)
	default:
		return false
	}
	return true
}

func (m *LineTax) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*LineTax) required() []string { return nil }

func readLineTax(r *jsontext.Reader) (m LineTax) {
	readModel(r, &m)
	return m
}

// TaxLine is the tax of one rate on the whole order.
type TaxLine struct {
	// Its id.
	ID ID
	// The rate's code (`BR-SP-ICMS SP-1`).
	RateCode string
	// The rate's id.
	RateID ID
	// Its name for people.
	Label string
	// Whether it is taken on top of other taxes.
	Compound bool
	// On lines and fees.
	TaxTotal money.Decimal
	// On shipping.
	ShippingTaxTotal money.Decimal
	// In percent.
	RatePercent money.Decimal
	// What plug-ins know.
	MetaData []Meta
	// The fields this model does not know.
	Extra Extra
}

func (m *TaxLine) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "rate_code":
		m.RateCode = readText(r)
	case "rate_id":
		m.RateID = readID(r)
	case "label":
		m.Label = readText(r)
	case "compound":
		m.Compound = readBool(r)
	case "tax_total":
		m.TaxTotal = readDecimal(r)
	case "shipping_tax_total":
		m.ShippingTaxTotal = readDecimal(r)
	case "rate_percent":
		m.RatePercent = readDecimal(r)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	default:
		return false
	}
	return true
}

func (m *TaxLine) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*TaxLine) required() []string { return nil }

func readTaxLine(r *jsontext.Reader) (m TaxLine) {
	readModel(r, &m)
	return m
}

// ShippingLine is a way of shipping.
type ShippingLine struct {
	// Its id.
	ID ID
	// Its name for people.
	MethodTitle string
	// The method (`flat_rate`).
	MethodID string
	// Before tax.
	Total money.Decimal
	// The tax.
	TotalTax money.Decimal
	// Tax by rate.
	Taxes []LineTax
	// What plug-ins know.
	MetaData []Meta
	// The fields this model does not know.
	Extra Extra
}

func (m *ShippingLine) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "method_title":
		m.MethodTitle = readText(r)
	case "method_id":
		m.MethodID = readText(r)
	case "total":
		m.Total = readDecimal(r)
	case "total_tax":
		m.TotalTax = readDecimal(r)
	case "taxes":
		m.Taxes = readList(r, readLineTax)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	default:
		return false
	}
	return true
}

func (m *ShippingLine) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*ShippingLine) required() []string { return nil }

func readShippingLine(r *jsontext.Reader) (m ShippingLine) {
	readModel(r, &m)
	return m
}

// FeeLine is a surcharge, or a discount when negative.
type FeeLine struct {
	// Its id.
	ID ID
	// Its name.
	Name string
	// Tax class.
	TaxClass string
	// `taxable` or `none`; a negative fee is taxed either way.
	TaxStatus string
	// Before tax.
	Total money.Decimal
	// The tax.
	TotalTax money.Decimal
	// Tax by rate.
	Taxes []LineTax
	// What plug-ins know.
	MetaData []Meta
	// The fields this model does not know.
	Extra Extra
}

func (m *FeeLine) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "name":
		m.Name = readText(r)
	case "tax_class":
		m.TaxClass = readText(r)
	case "tax_status":
		m.TaxStatus = readText(r)
	case "total":
		m.Total = readDecimal(r)
	case "total_tax":
		m.TotalTax = readDecimal(r)
	case "taxes":
		m.Taxes = readList(r, readLineTax)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	default:
		return false
	}
	return true
}

func (m *FeeLine) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*FeeLine) required() []string { return nil }

func readFeeLine(r *jsontext.Reader) (m FeeLine) {
	readModel(r, &m)
	return m
}

// CouponLine is a coupon that was used.
type CouponLine struct {
	// Its id.
	ID ID
	// Its code, in lower case.
	Code string
	// What it took off, before tax.
	Discount money.Decimal
	// The tax it took off.
	DiscountTax money.Decimal
	// `percent`, `fixed_cart`, `fixed_product`.
	DiscountType string
	// What plug-ins know.
	MetaData []Meta
	// The fields this model does not know.
	Extra Extra
}

func (m *CouponLine) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "code":
		m.Code = readText(r)
	case "discount":
		m.Discount = readDecimal(r)
	case "discount_tax":
		m.DiscountTax = readDecimal(r)
	case "discount_type":
		m.DiscountType = readText(r)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	default:
		return false
	}
	return true
}

func (m *CouponLine) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*CouponLine) required() []string { return nil }

func readCouponLine(r *jsontext.Reader) (m CouponLine) {
	readModel(r, &m)
	return m
}

// Refund is money given back. In an order only `id`, `reason` and `total` are there; `GET
// /orders/{id}/refunds/{id}` gives the rest.
type Refund struct {
	// Its id.
	ID ID
	// Why.
	Reason string
	// How much, negative; only in an order.
	Total money.Decimal
	// How much, positive; only in the refund itself.
	Amount money.Decimal
	// The order, where the shop says it.
	ParentID ID
	// When it was made, UTC.
	DateCreatedGMT Time
	// The user who made it.
	RefundedBy ID
	// Whether the payment service gave the money back.
	RefundedPayment bool
	// Goods given back: quantities and totals are negative, the meta `_refunded_item_id` names the
	// order's line.
	LineItems []LineItem
	// Shipping given back, negative.
	ShippingLines []ShippingLine
	// Fees given back, negative.
	FeeLines []FeeLine
	// Tax given back by rate, negative.
	TaxLines []TaxLine
	// What plug-ins know.
	MetaData []Meta
	// The fields this model does not know.
	Extra Extra
}

func (m *Refund) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "reason":
		m.Reason = readText(r)
	case "total":
		m.Total = readDecimal(r)
	case "amount":
		m.Amount = readDecimal(r)
	case "parent_id":
		m.ParentID = readID(r)
	case "date_created_gmt":
		m.DateCreatedGMT = readTime(r)
	case "refunded_by":
		m.RefundedBy = readID(r)
	case "refunded_payment":
		m.RefundedPayment = readBool(r)
	case "line_items":
		m.LineItems = readList(r, readLineItem)
	case "shipping_lines":
		m.ShippingLines = readList(r, readShippingLine)
	case "fee_lines":
		m.FeeLines = readList(r, readFeeLine)
	case "tax_lines":
		m.TaxLines = readList(r, readTaxLine)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	default:
		return false
	}
	return true
}

func (m *Refund) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Refund) required() []string { return nil }

func readRefund(r *jsontext.Reader) (m Refund) {
	readModel(r, &m)
	return m
}

// Product is a product, or a variation of one (`type` `variation`, with `parent_id`).
type Product struct {
	// Its id.
	ID ID
	// Its name.
	Name string
	// Its name in URLs.
	Slug string
	// `simple`, `variable`, `variation`, `grouped`, `external`.
	Kind string
	// `publish`, `draft`, `pending`, `private`, `trash`.
	Status string
	// When it was made, UTC.
	DateCreatedGMT Time
	// When it was last changed, UTC.
	DateModifiedGMT Time
	// Its SKU; may be empty.
	SKU string
	// GTIN, EAN, UPC or ISBN.
	GlobalUniqueID string
	// What it costs now.
	Price money.Decimal
	// What it costs without a sale.
	RegularPrice money.Decimal
	// What it costs in a sale; zero when there is none.
	SalePrice money.Decimal
	// Text for the page.
	Description string
	// Short text for the page.
	ShortDescription string
	// `taxable`, `shipping`, `none`.
	TaxStatus string
	// Tax class; empty for the standard one.
	TaxClass string
	// Whether the shop counts its stock: `true`, `false` (then `stock_quantity` says nothing), or
	// `parent` for a variation whose product is counted as a whole.
	ManageStock string
	// How many there are.
	StockQuantity money.Decimal
	// `instock`, `outofstock`, `onbackorder`.
	StockStatus string
	// Weight in the shop's unit.
	Weight money.Decimal
	// The product this is a variation of.
	ParentID ID
	// The variations of this product.
	Variations []ID
	// Categories.
	Categories []Term
	// Tags.
	Tags []Term
	// Pictures.
	Images []Image
	// Colour, size and the like.
	Attributes []Attribute
	// What plug-ins know.
	MetaData []Meta
	// The fields this model does not know.
	Extra Extra
}

func (m *Product) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "name":
		m.Name = readText(r)
	case "slug":
		m.Slug = readText(r)
	case "type":
		m.Kind = readText(r)
	case "status":
		m.Status = readText(r)
	case "date_created_gmt":
		m.DateCreatedGMT = readTime(r)
	case "date_modified_gmt":
		m.DateModifiedGMT = readTime(r)
	case "sku":
		m.SKU = readText(r)
	case "global_unique_id":
		m.GlobalUniqueID = readText(r)
	case "price":
		m.Price = readDecimal(r)
	case "regular_price":
		m.RegularPrice = readDecimal(r)
	case "sale_price":
		m.SalePrice = readDecimal(r)
	case "description":
		m.Description = readText(r)
	case "short_description":
		m.ShortDescription = readText(r)
	case "tax_status":
		m.TaxStatus = readText(r)
	case "tax_class":
		m.TaxClass = readText(r)
	case "manage_stock":
		m.ManageStock = readText(r)
	case "stock_quantity":
		m.StockQuantity = readDecimal(r)
	case "stock_status":
		m.StockStatus = readText(r)
	case "weight":
		m.Weight = readDecimal(r)
	case "parent_id":
		m.ParentID = readID(r)
	case "variations":
		m.Variations = readList(r, readID)
	case "categories":
		m.Categories = readList(r, readTerm)
	case "tags":
		m.Tags = readList(r, readTerm)
	case "images":
		m.Images = readList(r, readImage)
	case "attributes":
		m.Attributes = readList(r, readAttribute)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	default:
		return false
	}
	return true
}

func (m *Product) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Product) required() []string { return nil }

func readProduct(r *jsontext.Reader) (m Product) {
	readModel(r, &m)
	return m
}

// Term is a category or tag.
type Term struct {
	// Its id.
	ID ID
	// Its name.
	Name string
	// Its name in URLs.
	Slug string
	// The fields this model does not know.
	Extra Extra
}

func (m *Term) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "name":
		m.Name = readText(r)
	case "slug":
		m.Slug = readText(r)
	default:
		return false
	}
	return true
}

func (m *Term) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Term) required() []string { return nil }

func readTerm(r *jsontext.Reader) (m Term) {
	readModel(r, &m)
	return m
}

// Image is a picture.
type Image struct {
	// Its id; `0` or empty for the placeholder.
	ID ID
	// Its URL.
	Src string
	// What it shows.
	Alt string
	// The fields this model does not know.
	Extra Extra
}

func (m *Image) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "src":
		m.Src = readText(r)
	case "alt":
		m.Alt = readText(r)
	default:
		return false
	}
	return true
}

func (m *Image) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Image) required() []string { return nil }

func readImage(r *jsontext.Reader) (m Image) {
	readModel(r, &m)
	return m
}

// Attribute is an attribute of a product (`options`) or of a variation (`option`).
type Attribute struct {
	// Its id; 0 when it belongs to this product alone.
	ID ID
	// Its name (`Colour`).
	Name string
	// The value a variation has.
	Option string
	// The values a product comes in.
	Options []string
	// Whether variations differ in it.
	Variation bool
	// The fields this model does not know.
	Extra Extra
}

func (m *Attribute) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "name":
		m.Name = readText(r)
	case "option":
		m.Option = readText(r)
	case "options":
		m.Options = readList(r, readText)
	case "variation":
		m.Variation = readBool(r)
	default:
		return false
	}
	return true
}

func (m *Attribute) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Attribute) required() []string { return nil }

func readAttribute(r *jsontext.Reader) (m Attribute) {
	readModel(r, &m)
	return m
}

// Customer is a customer with an account.
type Customer struct {
	// Its id.
	ID ID
	// When the account was made, UTC.
	DateCreatedGMT Time
	// When it was last changed, UTC.
	DateModifiedGMT Time
	// E-mail.
	Email string
	// Given name.
	FirstName string
	// Family name.
	LastName string
	// The WordPress role (`customer`).
	Role string
	// The login name.
	Username string
	// Where bills go.
	Billing Address
	// Where parcels go.
	Shipping Address
	// Whether they have paid for anything yet.
	IsPayingCustomer bool
	// What plug-ins know.
	MetaData []Meta
	// The fields this model does not know.
	Extra Extra
}

func (m *Customer) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		m.ID = readID(r)
	case "date_created_gmt":
		m.DateCreatedGMT = readTime(r)
	case "date_modified_gmt":
		m.DateModifiedGMT = readTime(r)
	case "email":
		m.Email = readText(r)
	case "first_name":
		m.FirstName = readText(r)
	case "last_name":
		m.LastName = readText(r)
	case "role":
		m.Role = readText(r)
	case "username":
		m.Username = readText(r)
	case "billing":
		m.Billing = Address{}
		readModel(r, &m.Billing)
	case "shipping":
		m.Shipping = Address{}
		readModel(r, &m.Shipping)
	case "is_paying_customer":
		m.IsPayingCustomer = readBool(r)
	case "meta_data":
		m.MetaData = readList(r, readMeta)
	default:
		return false
	}
	return true
}

func (m *Customer) unknown(key string, value guest.JSON) {
	m.Extra = append(m.Extra, ExtraField{key, value})
}

func (*Customer) required() []string { return nil }

func readCustomer(r *jsontext.Reader) (m Customer) {
	readModel(r, &m)
	return m
}
