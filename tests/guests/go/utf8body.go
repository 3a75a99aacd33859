//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform puts a text that is not UTF-8 into a body.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return sale(map[string]string{"name": "caf\xe9"})
}
