//go:build ignore

package main

import (
	"fmt"

	"mapwright.dev/guest"
	"mapwright.dev/guest/money"
)

type rules struct{}

// Transform writes with fmt and floats.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	return guest.Skip(fmt.Sprintf("%.2f %v %s", 1.005, []int{1}, money.New(1050, 2))), nil
}
