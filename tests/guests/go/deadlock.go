//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform waits for nobody.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	<-make(chan bool)
	return guest.Skip(""), nil
}
