package main

import (
	"strings"

	"mapwright.dev/guest"
	"mapwright.dev/guest/money"
	"mapwright.dev/guest/woocommerce"
)

type sale struct {
	State           string          `json:"state,omitempty"` // none where Tryton is to keep it
	Party           guest.Reference `json:"party"`
	InvoiceAddress  guest.Reference `json:"invoice_address"`
	ShipmentAddress guest.Reference `json:"shipment_address"`
	Currency        guest.Reference `json:"currency"`
	PaymentTerm     guest.Reference `json:"payment_term,omitzero"`
	Warehouse       guest.Reference `json:"warehouse,omitzero"`
	SaleDate        string          `json:"sale_date,omitempty"`
	Description     string          `json:"description"`
	Comment         string          `json:"comment"`
	Lines           []line          `json:"lines"`
}

type line struct {
	Type        string            `json:"type"`
	Product     guest.Reference   `json:"product,omitzero"`
	Quantity    money.Decimal     `json:"quantity"`
	Unit        guest.Reference   `json:"unit,omitzero"`
	UnitPrice   money.Decimal     `json:"unit_price"`
	Taxes       []guest.Reference `json:"taxes"`
	Description string            `json:"description"`
}

// fill puts in what the order says. Faults go to faults; the sale is only good when there are none.
func (s *sale) fill(order *woocommerce.Order, input *guest.Input, set *settings, faults *guest.Violations) error {
	taxes, err := taxesOf(order, faults)
	if err != nil {
		return err
	}
	repriced := s.addGoods(order, input, taxes, set, faults)
	for i := range order.ShippingLines {
		if shipping := &order.ShippingLines[i]; !shipping.Total.IsZero() {
			s.Lines = append(s.Lines, line{
				Type:        "line",
				Product:     guest.Ref("product", set.ShippingProduct),
				Quantity:    money.FromInt(1),
				Unit:        guest.Ref("unit", set.Unit),
				UnitPrice:   shipping.Total,
				Taxes:       taxes.charge(shipping.Total, shipping.Taxes),
				Description: shipping.MethodTitle,
			})
		}
	}
	for i := range order.FeeLines {
		fee := &order.FeeLines[i]
		taxed, rest := taxes.split(fee.Total, fee.Taxes)
		s.addAmount(taxed, taxes, fee.Taxes, fee.Name)
		s.addAmount(rest, taxes, nil, fee.Name)
	}
	if len(s.Lines) == 0 && faults.Len() == 0 {
		faults.At("line_items").Add("lines_missing", "the order has nothing in it")
	}
	if !repriced && faults.Len() == 0 {
		if difference := taxes.settle(order, len(s.Lines), faults); !difference.IsZero() {
			s.Lines = append(s.Lines, amountLine(difference, "Rounding"))
		}
	}
	s.Currency = guest.Ref("currency", order.Currency)
	if set.PaymentTerm != "" {
		s.PaymentTerm = guest.Ref("payment_term", set.PaymentTerm)
	}
	if set.Warehouse != "" {
		s.Warehouse = guest.Ref("warehouse", set.Warehouse)
	}
	s.SaleDate = order.DateCreated.Date()
	s.Description = set.ShopName + " #" + order.Number
	s.Comment = comment(order)
	return nil
}

// addGoods adds the lines of goods, and says whether the route's pricing changed any of them.
func (s *sale) addGoods(
	order *woocommerce.Order, input *guest.Input, taxes *taxes, set *settings, faults *guest.Violations,
) (repriced bool) {
	for i := range order.LineItems {
		item, here := &order.LineItems[i], faults.At("line_items").Index(i)
		product := strings.TrimSpace(item.SKU)
		if product == "" {
			product = set.FallbackProduct
		}
		if product == "" {
			here.Field("sku").Add("sku_missing",
				"`"+item.Name+"` has no SKU; give it one or set fallback_product")
			continue
		}
		if item.Quantity.IsZero() {
			here.Field("quantity").Add("quantity_zero", "a line of nothing has no unit price")
			continue
		}
		net := item.Total
		if priced, ok := pricedNet(item, input); ok {
			repriced = repriced || !priced.Round(2).Equal(item.Total.Round(2))
			net = priced
		}
		unitPrice := net.Div(item.Quantity).Round(set.PriceDigits)
		s.Lines = append(s.Lines, line{
			Type:        "line",
			Product:     guest.Ref("product", product),
			Quantity:    item.Quantity,
			Unit:        guest.Ref("unit", set.Unit),
			UnitPrice:   unitPrice,
			Taxes:       taxes.charge(unitPrice.Mul(item.Quantity), item.Taxes),
			Description: item.Name,
		})
	}
	return repriced
}

// pricedNet is the net amount of a line at the price that the route's pricing gave it. A coupon
// keeps the share it took off the shop's own price.
func pricedNet(item *woocommerce.LineItem, input *guest.Input) (money.Decimal, bool) {
	priced := input.Line(item.ID.String())
	if priced == nil {
		return money.Decimal{}, false
	}
	full := priced.UnitPrice.Mul(item.Quantity)
	if item.Subtotal.IsZero() {
		return full, true
	}
	return full.Mul(item.Total).Div(item.Subtotal), true
}

// addAmount adds a line that is only an amount, and its taxes.
func (s *sale) addAmount(amount money.Decimal, taxes *taxes, of []woocommerce.LineTax, description string) {
	if amount.IsZero() {
		return
	}
	only := amountLine(amount, description)
	only.Taxes = taxes.charge(amount, of)
	s.Lines = append(s.Lines, only)
}

func amountLine(amount money.Decimal, description string) line {
	return line{Type: "line", Quantity: money.FromInt(1), UnitPrice: amount, Description: description}
}

// comment is what people in the warehouse and the office want to read.
func comment(order *woocommerce.Order) string {
	var coupons []string
	for _, coupon := range order.CouponLines {
		coupons = append(coupons, coupon.Code)
	}
	var lines []string
	for _, part := range [...]struct{ what, text string }{
		{"", strings.TrimSpace(order.CustomerNote)},
		{"Payment: ", order.PaymentMethodTitle},
		{"Transaction: ", order.TransactionID},
		{"Coupons: ", strings.Join(coupons, ", ")},
	} {
		if part.text != "" {
			lines = append(lines, part.what+part.text)
		}
	}
	return strings.Join(lines, "\n")
}
