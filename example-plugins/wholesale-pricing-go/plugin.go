// Wholesale prices: by the customer's role and the quantity bought, from the merchant's price list.
//
// The lookup table price_list has a row for each role and SKU, `wholesale:CAM-001`, and may have one
// for the rest, `wholesale:*`. A row says either price, the net price of one, or discount_percent,
// off the shop's price; and breaks, better prices for more: `10=69.90 50=-30%`. Money is decimal to
// the last step, where the merchant's rounding rule is applied once.
package main

import (
	_ "embed"

	"mapwright.dev/guest"
	"mapwright.dev/guest/lookup"
	"mapwright.dev/guest/money"
)

//go:embed plugin.toml
var pluginTOML string

//go:embed settings.schema.json
var settingsSchema string

func init() {
	guest.Register(wholesale{}, guest.Manifest{
		Plugin:         pluginTOML,
		SettingsSchema: settingsSchema,
		Topics:         []string{"order.created", "order.updated"},
	})
}

func main() {} // never runs: the host calls what is registered

// wholesale has the rules; it prices lines.
type wholesale struct{}

// settings are what a route may set; settings.schema.json says what each is for.
type settings struct {
	RoleAttribute string         `json:"role_attribute"`
	DefaultRole   string         `json:"default_role"`
	PriceList     string         `json:"price_list"`
	Decimals      int            `json:"decimals"`
	Rounding      money.Rounding `json:"rounding"`
	Together      bool           `json:"together"`
	Strict        bool           `json:"strict"`
}

func defaults() settings {
	return settings{
		RoleAttribute: "customer_role",
		DefaultRole:   "retail",
		PriceList:     "price_list",
		Decimals:      2,
		Rounding:      money.HalfUp,
		Together:      true,
	}
}

// Reprice gives each line the price of its customer's role and quantity.
func (wholesale) Reprice(ctx *guest.Context, lines []guest.PriceLine) ([]guest.PriceLine, error) {
	set := defaults()
	if err := ctx.Settings(&set); err != nil {
		return nil, err
	}
	bought := quantities(lines)
	var faults guest.Violations
	for i := range lines {
		line := &lines[i]
		role := roleOf(line, ctx, &set)
		row, err := find(set.PriceList, role, line.SKU)
		switch {
		case err != nil:
			return nil, err
		case row == nil && set.Strict:
			faults.At("line_items").Index(i).Field("sku").Add("price_missing",
				"lookups/"+set.PriceList+".csv has no `"+role+":"+line.SKU+"` and no `"+role+":*`")
			continue
		case row == nil:
			continue
		case row.currency != "" && row.currency != line.Currency:
			faults.At("currency").Add("currency_differs",
				"the price of "+line.SKU+" is not in "+line.Currency)
			continue
		}
		quantity := line.Quantity
		if set.Together && line.SKU != "" {
			quantity = bought[line.SKU]
		}
		shopPrice := line.UnitPrice
		line.UnitPrice = rounded(row.at(quantity).of(shopPrice), line.Currency, &set)
		line.Attributes.Set("shop_unit_price", shopPrice.String())
		line.Attributes.Set("price_rule", role+":"+row.name+" from "+quantity.String())
	}
	return lines, faults.Err()
}

// roleOf is the customer's role: the line's, else the event's. One that is empty is a role too.
func roleOf(line *guest.PriceLine, ctx *guest.Context, set *settings) string {
	if role, there := line.Attributes.Lookup(set.RoleAttribute); there {
		return role
	}
	if role, there := ctx.Attributes.Lookup(set.RoleAttribute); there {
		return role
	}
	return set.DefaultRole
}

// quantities are how many of each SKU the whole order has.
func quantities(lines []guest.PriceLine) map[string]money.Decimal {
	bought := make(map[string]money.Decimal, len(lines))
	for i := range lines {
		sku, more := lines[i].SKU, lines[i].Quantity
		// Nothing and 5 are 5, in whatever way nothing is written: 0.00 adds no places.
		switch before := bought[sku]; {
		case before.IsZero():
			bought[sku] = more
		case !more.IsZero():
			bought[sku] = before.Add(more)
		}
	}
	return bought
}

// find is the row for a role and SKU, or the role's row for everything; nil where there is neither.
func find(table, role, sku string) (*priceRow, error) {
	for _, name := range [...]string{sku, "*"} {
		if name == "" {
			continue
		}
		row, err := lookup.Find(table, role+":"+name)
		if err != nil {
			return nil, err
		}
		if row != nil {
			return readRow(name, row)
		}
	}
	return nil, nil
}

// rounded is the one place where a price loses digits.
func rounded(price money.Decimal, currency string, set *settings) money.Decimal {
	places := set.Decimals
	// JPY has no cents to round to, whatever the setting says; BRL may have more than two.
	if money.DecimalsOf(currency) == 0 {
		places = 0
	}
	return price.RoundTo(places, set.Rounding)
}
