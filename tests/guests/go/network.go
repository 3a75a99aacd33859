//go:build ignore

package main

import (
	"net/http"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform asks another host.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	_, err := http.Get("http://example.com")
	return guest.Skip(err.Error()), nil
}
