//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform gives a float for money.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return sale(struct {
		Total float64 `json:"total"`
	}{19.99})
}
