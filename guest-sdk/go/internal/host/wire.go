//go:build wasip1

// The canonical ABI of the contract, as far as the contract needs it.
//
// A component hands strings, lists and records over in linear memory, with 32-bit addresses and
// the layout of C; Go's own strings and slices have 64-bit words even on wasm. The types here are
// that layout, and Go lays a struct of uint32s out the same way. Nothing here knows the rules of
// the contract, only its shapes.

package host

import "unsafe"

// String is a string in linear memory.
type String struct{ at, size uint32 }

// Option is an optional string.
type Option struct {
	some  uint32 // one byte and its padding
	value String
}

// List is a list in linear memory; the elements' type stands in the contract.
type List struct{ at, size uint32 }

// Pair is an open name and value.
type Pair struct{ Name, Value String }

func pointer(at uint32) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(nil), at) }

// lent is what the host was given the address of: it must lie in the heap and stay there until the
// call has ended, though nothing of Go's points to it.
var lent = make([]unsafe.Pointer, 0, 256)

func lend(first unsafe.Pointer) uint32 {
	lent = append(lent, first)
	return uint32(uintptr(first))
}

// Text is the string without a copy: memory that the host filled is never used again.
func (s String) Text() string {
	if s.size == 0 {
		return ""
	}
	return unsafe.String((*byte)(pointer(s.at)), s.size)
}

// Text is the string, nil for none.
func (o *Option) Text() *string {
	if o.some&1 == 0 {
		return nil
	}
	text := o.value.Text()
	return &text
}

// Elements is the list's memory as a slice.
func Elements[T any](list List) []T {
	if list.size == 0 {
		return nil
	}
	return unsafe.Slice((*T)(pointer(list.at)), list.size)
}

// Pairs is a list of open names and values.
func Pairs(list List) [][2]string {
	pairs := Elements[Pair](list)
	if len(pairs) == 0 {
		return nil
	}
	texts := make([][2]string, len(pairs))
	for i, pair := range pairs {
		texts[i] = [2]string{pair.Name.Text(), pair.Value.Text()}
	}
	return texts
}

// ToString lends a string to the host.
func ToString(text string) String {
	if text == "" {
		return String{at: 1}
	}
	return String{at: lend(unsafe.Pointer(unsafe.StringData(text))), size: uint32(len(text))}
}

// ToOption lends an optional string to the host.
func ToOption(text *string) Option {
	if text == nil {
		return Option{}
	}
	return Option{some: 1, value: ToString(*text)}
}

// ToList lends a slice to the host.
func ToList[T any](elements []T) List {
	if len(elements) == 0 {
		return List{at: 8}
	}
	return List{at: lend(unsafe.Pointer(&elements[0])), size: uint32(len(elements))}
}

// ToPairs lends open names and values to the host.
func ToPairs(texts [][2]string) List {
	pairs := make([]Pair, len(texts))
	for i, text := range texts {
		pairs[i] = Pair{ToString(text[0]), ToString(text[1])}
	}
	return ToList(pairs)
}

// ToStrings lends a list of strings to the host.
func ToStrings(texts []string) List {
	list := make([]String, len(texts))
	for i, text := range texts {
		list[i] = ToString(text)
	}
	return ToList(list)
}
