//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform panics where nobody can recover.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	done := make(chan bool)
	go func() { panic("in a goroutine") }()
	<-done
	return guest.Skip(""), nil
}
