//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform gives a text that is not UTF-8.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return guest.Deliver(guest.Upsert("sale", "caf\xe9").Body("x")), nil
}
