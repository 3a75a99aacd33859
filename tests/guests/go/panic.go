//go:build ignore

package main

import "mapwright.dev/guest"

type rules struct{}

// Transform panics in a function of its own.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	var prices []string
	return sale(price(prices, 5))
}

func price(prices []string, index int) string { return prices[index] }
