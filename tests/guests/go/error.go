//go:build ignore

package main

import (
	"errors"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform gives an error that is no refusal.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return nil, errors.New("no price for this customer")
}
