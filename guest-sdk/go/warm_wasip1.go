package guest

// Memory made ready once, at build time.
//
// `mapwright build` runs the init functions and keeps what memory looked like then; every call
// begins from that. What a Go program finds out only while it runs (that its heap must grow, that
// there is no page yet for objects of 48 bytes, that the stack is too short) would be found out
// again in every call. So it happens here, and costs a build some milliseconds.

import (
	"runtime"

	"mapwright.dev/guest/internal/jsontext"
	"mapwright.dev/guest/money"
)

const (
	warmHeapBytes  = 2 << 20
	warmStackBytes = 64 << 10
	largestBytes   = 2 << 10
)

// kept holds on to one object of each size, so that its page stays in use.
var kept []any

func init() {
	kept = append(kept, make([]byte, warmHeapBytes))
	kept = nil
	runtime.GC() // the heap keeps what it grew by
	for size := 8; size <= largestBytes; size += 8 {
		kept = append(kept, make([]byte, size), make([]*byte, size/8))
	}
	deepen(warmStackBytes)
	// Go looks for the methods of a type when it first meets it, and then knows them.
	jsontext.Append(nil, struct {
		Amount    money.Decimal
		Number    money.Number
		Reference Reference
		Object    Object
		JSON      JSON
		Texts     []string
		Table     map[string]any
	}{Table: map[string]any{"a": "b"}})
}

//go:noinline
func deepen(bytes int) byte {
	var frame [1 << 10]byte
	frame[bytes%len(frame)] = 1
	if bytes > len(frame) {
		frame[0] = deepen(bytes - len(frame))
	}
	return frame[bytes%len(frame)]
}
