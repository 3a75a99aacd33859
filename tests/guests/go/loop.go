//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform never ends.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	for {
	}
}
