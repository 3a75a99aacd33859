package main

import (
	"strings"

	"mapwright.dev/guest"
	"mapwright.dev/guest/lookup"
	"mapwright.dev/guest/money"
)

// A unit is what one costs: an amount, or so many per cent off the shop's price.
type unit struct {
	amount     money.Decimal
	isDiscount bool
}

var hundred = money.FromInt(100)

// of is the price of one where the shop asks shopPrice; not rounded yet.
func (u unit) of(shopPrice money.Decimal) money.Decimal {
	if u.isDiscount {
		return shopPrice.Mul(hundred.Sub(u.amount)).Div(hundred)
	}
	return u.amount
}

// A priceBreak is a better price from a quantity on.
type priceBreak struct {
	from money.Decimal
	unit unit
}

// A priceRow is a row of the price list: a price, and better ones from certain quantities on.
type priceRow struct {
	// name is the SKU it is for, or `*`.
	name string
	// currency is the only one its prices are in; any where it is empty.
	currency string
	unit     unit
	breaks   []priceBreak
}

// readRow reads price or discount_percent, currency and breaks. The error is a guest.NotReady.
func readRow(name string, row *lookup.Row) (*priceRow, error) {
	read := &priceRow{name: name, currency: row.Get("currency")}
	column := "price"
	if row.Get(column) == "" {
		column, read.unit.isDiscount = "discount_percent", true
	}
	var err error
	if read.unit.amount, err = row.Decimal(column); err != nil {
		return nil, err
	}
	for _, word := range strings.Fields(row.Get("breaks")) {
		next, err := readBreak(word)
		if err != nil {
			return nil, guest.NotReady("the price list's row for `" + name + "` has the quantity break `" + word +
				"`; write it like `10=69.90` or `50=-30%`")
		}
		read.breaks = append(read.breaks, next)
	}
	return read, nil
}

// readBreak reads `10=69.90`, a price from ten on, or `50=-30%`, a discount from fifty on.
func readBreak(word string) (priceBreak, error) {
	var read priceBreak
	from, text, there := strings.Cut(word, "=")
	if !there {
		return read, money.NotDecimal(word)
	}
	if rest, minus := strings.CutPrefix(text, "-"); minus {
		if percent, ok := strings.CutSuffix(rest, "%"); ok {
			text, read.unit.isDiscount = percent, true
		}
	}
	var err error
	if read.from, err = money.Parse(from); err == nil {
		read.unit.amount, err = money.Parse(text)
	}
	return read, err
}

// at is what one costs when so many are bought: by the break with the largest quantity that is
// reached, of two for one quantity the later.
func (row *priceRow) at(quantity money.Decimal) unit {
	var reached *priceBreak
	for i := range row.breaks {
		next := &row.breaks[i]
		if next.from.Cmp(quantity) <= 0 && (reached == nil || next.from.Cmp(reached.from) >= 0) {
			reached = next
		}
	}
	if reached == nil {
		return row.unit
	}
	return reached.unit
}
