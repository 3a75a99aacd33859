//go:build ignore

package main

import (
	"strconv"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform relies on the order of a map.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	names := map[string]int{}
	for i := range 40 {
		names[strconv.Itoa(i)] = i
	}
	order := ""
	for name := range names {
		order += name + " "
	}
	return sale(map[string]any{"sorted": names, "walked": order})
}
