package guest

import "mapwright.dev/guest/money"

// A PriceLine is one priced line.
type PriceLine struct {
	// ID is the line's id in the payload.
	ID string
	// SKU is the SKU; empty where the line has none.
	SKU string
	// Quantity is how many.
	Quantity money.Decimal
	// UnitPrice is the price of one, before tax.
	UnitPrice money.Decimal
	// Currency is of ISO 4217.
	Currency string
	// Attributes are open name and value pairs (`product_id`, `subtotal`, `total`, `tax_class`).
	Attributes Attributes
}

// A SourceStatus is a status in the source's words.
type SourceStatus struct {
	// Entity is what has the status (`order`).
	Entity string
	// Status is the status now (`processing`).
	Status string
	// PreviousStatus is the status when this resource was last delivered; nil where the host does
	// not know it.
	PreviousStatus *string
	// Attributes are open name and value pairs (`payment_method`, `date_paid_gmt`).
	Attributes Attributes
}
