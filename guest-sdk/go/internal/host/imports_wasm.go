//go:build wasip1

package host

import "unsafe"

//go:wasmimport mapwright:plugin/log@1.0.0 write
func importedWrite(level uint32, message string)

//go:wasmimport mapwright:plugin/lookup@1.0.0 get-row
func importedRow(table, key string, answer unsafe.Pointer)

// row is the answer of `get-row`: a result of an option of a list.
type row struct {
	failed uint32
	some   uint32 // when failed: which failure, of which there is one
	pairs  List
}

// Log writes one line to the merchant's log of the event.
func Log(level Level, message string) { importedWrite(uint32(level), message) }

// Row asks for a row of a lookup table; see the native one for what the answers mean.
func Row(table, key string) (columns [][2]string, found, known bool) {
	answer := new(row)
	importedRow(table, key, unsafe.Pointer(answer))
	switch {
	case answer.failed&1 != 0:
		return nil, false, false
	case answer.some&1 == 0:
		return nil, false, true
	}
	return Pairs(answer.pairs), true, true
}

// Trap ends the call at once; the host tells of the last line that begins with "panicked".
func Trap()
