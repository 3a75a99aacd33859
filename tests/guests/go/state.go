//go:build ignore

package main

import (
	"strconv"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform counts its calls.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	calls++
	return guest.Skip("call " + strconv.Itoa(calls)), nil
}

var calls int
