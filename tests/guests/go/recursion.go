//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform calls itself.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return sale(deeper(1))
}

func deeper(depth int) int { return deeper(depth+1) + depth }
