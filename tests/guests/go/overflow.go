//go:build ignore

package main

import (
	"mapwright.dev/guest"
	"mapwright.dev/guest/money"
)

type rules struct{}

// Transform computes what does not fit.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	huge := money.MustParse("9999999999999999999999999999999999")
	return sale(huge.Add(money.FromInt(1)))
}
