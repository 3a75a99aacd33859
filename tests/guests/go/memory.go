//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform keeps all that it can get.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	var kept [][]byte
	for {
		kept = append(kept, make([]byte, 1<<20))
	}
}
