//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform gives NaN.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return sale(guest.JSON("NaN"))
}
