package woocommerce

import "mapwright.dev/guest/money"

// Meta is the text of a meta entry (`_billing_cpf`); "" where it is missing or no text.
func (o *Order) Meta(key string) string { return metaText(o.MetaData, key) }

// IsDraft is whether nobody has placed it yet: WooCommerce sends drafts as orders.
func (o *Order) IsDraft() bool {
	switch o.Status {
	case "auto-draft", "checkout-draft", "draft", "new":
		return true
	}
	return false
}

// IsGuest is whether it was placed without an account.
func (o *Order) IsGuest() bool { return !o.CustomerID.IsSet() }

// DeliveryAddress is where the parcel goes: the shipping address, or the billing address where that
// is empty.
func (o *Order) DeliveryAddress() *Address {
	if o.Shipping.IsEmpty() {
		return &o.Billing
	}
	return &o.Shipping
}

// TotalMoney is what the customer pays, with its currency.
func (o *Order) TotalMoney() money.Money { return money.Money{Amount: o.Total, Currency: o.Currency} }

// TaxLine is the tax of a rate, by the rate's id as [LineTax] has it; nil where there is none.
func (o *Order) TaxLine(rate ID) *TaxLine {
	for i := range o.TaxLines {
		if o.TaxLines[i].RateID == rate {
			return &o.TaxLines[i]
		}
	}
	return nil
}

// Meta is the text of a meta entry; "" where it is missing or no text.
func (l *LineItem) Meta(key string) string { return metaText(l.MetaData, key) }

// Discount is what coupons took off this line, before tax.
func (l *LineItem) Discount() money.Decimal { return l.Subtotal.Sub(l.Total) }

// Meta is the text of a meta entry; "" where it is missing or no text.
func (p *Product) Meta(key string) string { return metaText(p.MetaData, key) }

// IsVariation is whether this is a variation of another product.
func (p *Product) IsVariation() bool { return p.Kind == "variation" || p.ParentID.IsSet() }

// Meta is the text of a meta entry; "" where it is missing or no text.
func (c *Customer) Meta(key string) string { return metaText(c.MetaData, key) }
