//go:build wasip1

// Memory that the host fills: arguments, and rows of lookup tables.

package host

import "unsafe"

// A block is noscan memory of Go's heap. Blocks stay reachable for good: an instance lives for one
// call, and what is in them is used until its end.
const blockBytes = 32 << 10

var (
	block  []uint64
	used   uint32
	blocks [][]uint64
)

//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	start := (used + align - 1) &^ (align - 1)
	if block == nil || start+size > uint32(len(block)*8) {
		room := max(size, blockBytes)
		block = make([]uint64, (room+7)/8)
		blocks = append(blocks, block)
		start = 0
	}
	used = start + size
	at := unsafe.Add(unsafe.Pointer(&block[0]), start)
	if oldSize > 0 {
		copy(unsafe.Slice((*byte)(at), size), unsafe.Slice((*byte)(old), min(oldSize, size)))
	}
	return at
}
