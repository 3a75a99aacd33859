//go:build ignore

package main

import (
	"os"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform ends the program.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	os.Exit(3)
	return nil, nil
}
