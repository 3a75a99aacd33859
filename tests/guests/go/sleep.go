//go:build ignore

package main

import (
	"time"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform waits.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	time.Sleep(time.Hour)
	return guest.Skip("waited"), nil
}
