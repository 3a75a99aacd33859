//go:build ignore

package main

import (
	"os"
	"strings"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform prints ten megabytes.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	for range 10 << 10 {
		os.Stdout.WriteString(strings.Repeat("x", 1<<10-1) + "\n")
	}
	return guest.Skip("printed"), nil
}
