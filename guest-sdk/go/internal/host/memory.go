//go:build wasip1

// Memory that the host fills: arguments, and rows of lookup tables.

package host

import "unsafe"

// A block is noscan memory of Go's heap. Blocks stay reachable for good: an instance lives for one
// call, and what is in them is used until its end.
const blockBytes = 32 << 10

var (
	block  = make([]uint64, blockBytes/8)
	used   uint32
	blocks = [][]uint64{block}
)

//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	start := (used + align - 1) &^ (align - 1)
	if start+size > uint32(len(block)*8) {
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

// The WASI adapter asks for a page for itself and one for its stack, and it may do so when the
// runtime calls WASI in the middle of a collection, where nothing may be allocated. So they are
// set aside.
var (
	adapterPages [2<<16 + 64]byte
	adapterUsed  uint32
)

//go:wasmexport cabi_realloc_adapter
func reallocForAdapter(_ unsafe.Pointer, _, align, size uint32) unsafe.Pointer {
	base := uint32(uintptr(unsafe.Pointer(&adapterPages)))
	start := (base+adapterUsed+align-1)&^(align-1) - base
	if start+size > uint32(len(adapterPages)) {
		Trap()
	}
	adapterUsed = start + size
	return unsafe.Add(unsafe.Pointer(&adapterPages), start)
}
