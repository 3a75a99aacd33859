//go:build ignore

package main

import (
	"encoding/json"

	"mapwright.dev/guest"
)

type rules struct{}

// Transform reads and writes with encoding/json.
func (rules) Transform(*guest.Context, *guest.Input) (*guest.Mapping, error) {
	var read map[string]any
	if err := json.Unmarshal([]byte(`{"a": 1.5}`), &read); err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]any{"ref": guest.Ref("party", "1"), "read": read})
	if err != nil {
		return nil, err
	}
	return sale(guest.JSON(text))
}
