//go:build ignore

package main

import (
	"os"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform reads a file.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	text, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return guest.Skip(err.Error()), nil
	}
	return sale(string(text))
}
