package main

import (
	"mapwright.dev/guest"
	"mapwright.dev/guest/lookup"
	"mapwright.dev/guest/money"
	"mapwright.dev/guest/woocommerce"
)

// taxes are what Tryton will make of the lines: amounts rounded to cents, tax by rate on the sum of
// its lines.
type taxes struct {
	rates    []rate
	decimals int
	untaxed  money.Decimal
}

type rate struct {
	id  woocommerce.ID
	tax string
	// factor is of the net amount; a compound tax is taken on the taxes before it as well.
	factor money.Decimal
	base   money.Decimal
}

var hundred = money.FromInt(100)

// taxesOf reads the rates and finds Tryton's tax for each in the lookup table taxes (columns rate,
// tax), by rate code (BR-SP-ICMS SP-1) or else by percent (18).
func taxesOf(order *woocommerce.Order, faults *guest.Violations) (*taxes, error) {
	all := &taxes{decimals: money.DecimalsOf(order.Currency)}
	for i, line := range order.TaxLines {
		percent := line.RatePercent.Normalize().String()
		row, err := lookup.Find("taxes", line.RateCode)
		if err == nil && row == nil {
			row, err = lookup.Find("taxes", percent)
		}
		if err != nil {
			return nil, err
		}
		if row == nil {
			faults.At("tax_lines").Index(i).Field("rate_code").Add("tax_unknown",
				"lookups/taxes.csv has neither `"+line.RateCode+"` nor `"+percent+"`")
			continue
		}
		tax, err := row.Text("tax")
		if err != nil {
			return nil, err
		}
		factor := line.RatePercent.Div(hundred)
		if line.Compound {
			whole := money.FromInt(1)
			for _, before := range all.rates {
				whole = whole.Add(before.factor)
			}
			factor = factor.Mul(whole)
		}
		all.rates = append(all.rates, rate{id: line.RateID, tax: tax, factor: factor})
	}
	return all, nil
}

// charge counts a line and gives the taxes to write on it.
func (t *taxes) charge(net money.Decimal, of []woocommerce.LineTax) []guest.Reference {
	net = net.Round(t.decimals)
	t.untaxed = t.untaxed.Add(net)
	var charged []guest.Reference
	for i := range t.rates {
		rate := &t.rates[i]
		for _, tax := range of {
			// A rate that is listed with nothing charged does not apply to this line.
			if tax.ID == rate.id && !tax.Total.IsZero() {
				rate.base = rate.base.Add(net)
				charged = append(charged, guest.Ref("tax", rate.tax))
				break
			}
		}
	}
	return charged
}

// split gives the part of a fee that is taxed and the part that is not. WooCommerce spreads a
// discount fee's tax over the rates of the cart, so that tax and amount do not belong together.
func (t *taxes) split(net money.Decimal, of []woocommerce.LineTax) (taxed, rest money.Decimal) {
	var charged []woocommerce.LineTax
	for _, tax := range of {
		if !tax.Total.IsZero() {
			charged = append(charged, tax)
		}
	}
	if len(charged) != 1 {
		return net, rest
	}
	tax := charged[0]
	for _, rate := range t.rates {
		if rate.id != tax.ID {
			continue
		}
		if !rate.factor.IsZero() && net.Mul(rate.factor).Sub(tax.Total).Abs().Cmp(cent(t.decimals)) > 0 {
			taxed = tax.Total.Div(rate.factor).Round(t.decimals)
			return taxed, net.Sub(taxed)
		}
		break
	}
	return net, rest
}

// total is what Tryton will say the sale costs.
func (t *taxes) total() money.Decimal {
	total := t.untaxed
	for _, rate := range t.rates {
		total = total.Add(rate.base.Mul(rate.factor).Round(t.decimals))
	}
	return total
}

// settle compares with what the order says: a difference of cents is given back, to become a line
// of its own; a larger one is a fault.
func (t *taxes) settle(order *woocommerce.Order, lines int, faults *guest.Violations) money.Decimal {
	difference := order.Total.Sub(t.total())
	tolerated := cent(t.decimals).Mul(money.FromInt(lines + 1))
	if difference.Abs().Cmp(tolerated) > 0 {
		faults.At("total").Add("total_differs", "the order says "+order.Total.String()+
			", its lines and taxes make "+t.total().String())
		return money.Decimal{}
	}
	return difference.Round(t.decimals)
}

// cent is the smallest amount of a currency.
func cent(decimals int) money.Decimal { return money.New(1, decimals) }
