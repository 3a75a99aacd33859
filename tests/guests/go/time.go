//go:build ignore

package main

import (
	"time"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform asks the time twice.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	first := time.Now()
	for range 1000 {
	}
	second := time.Now()
	return guest.Skip(first.UTC().Format(time.RFC3339Nano) + " " + second.Sub(first).String()), nil
}
