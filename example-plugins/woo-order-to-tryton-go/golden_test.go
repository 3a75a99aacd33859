package main

import (
	"testing"

	"mapwright.dev/guest/guesttest"
)

// The golden cases are those of the same rules in Rust; `mapwright test ../woo-order-to-tryton/cases
// --plugin FILE.wasm` runs them in the sandbox.
func TestGolden(t *testing.T) { guesttest.Golden(t, "../woo-order-to-tryton/cases") }
