//go:build ignore

package main

import (
	"math/rand/v2"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform draws random numbers.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return sale([]uint64{rand.Uint64(), rand.Uint64()})
}
