//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

type node struct {
	next *node
	v    [100]int
}

// Transform makes garbage.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	var l *node
	for i := range 200000 {
		l = &node{next: l}
		if i%1000 == 0 {
			l = nil
		}
	}
	return guest.Skip("made 160 MB of garbage"), nil
}
