// Package host is the other side of the contract: what a plugin may ask for, and what it is asked.
//
// On wasm it is the canonical ABI by hand (a few records; no generator, no module from elsewhere);
// in native tests a stage that the harness sets up.
package host

// Level is how much a line of the log matters.
type Level uint32

// The levels of the contract, in its order.
const (
	Debug Level = iota
	Info
	Warning
	Error
)
