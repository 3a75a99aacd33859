//go:build ignore

package main

import (
	"mapwright.dev/guest"
	"mapwright.dev/guest/woocommerce"
)

type rules struct{}

// Transform asks something of nothing.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	var order *woocommerce.Order
	return sale(order.Billing.FullName())
}
