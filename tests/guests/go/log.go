//go:build ignore

package main

import (
	"strings"

	"mapwright.dev/guest"
	"mapwright.dev/guest/log"
)

type rules struct{}

// Transform logs ten megabytes.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	for range 10 << 10 {
		log.Info(strings.Repeat("x", 1<<10))
	}
	return guest.Skip("logged"), nil
}
