//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform gives neither a mapping nor an error.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return nil, nil
}
