package main

import (
	"testing"

	"mapwright.dev/guest/guesttest"
)

// The golden cases are those of the same rules in Rust; `mapwright test ../wholesale-pricing/cases
// --plugin FILE.wasm` runs them in the sandbox.
func TestGolden(t *testing.T) { guesttest.Golden(t, "../wholesale-pricing/cases") }
