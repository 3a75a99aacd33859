package guest

import (
	"strconv"
	"strings"
)

// A Violation is one fault in the payload, placed exactly.
type Violation struct {
	// Pointer is a JSON Pointer (RFC 6901) into the payload; "" is the whole of it.
	Pointer string `json:"pointer"`
	// Code is a short, stable word for machines (`sku_missing`).
	Code string `json:"code"`
	// Message is one sentence for the person who has to mend it.
	Message string `json:"message"`
}

// Rejected is the error that says: this payload will never map as it stands.
type Rejected []Violation

func (r Rejected) Error() string {
	var text strings.Builder
	text.WriteString("rejected")
	for _, v := range r {
		text.WriteString("; " + v.Code + " at `" + v.Pointer + "`: " + v.Message)
	}
	return text.String()
}

// Reject is a rejection for one fault.
func Reject(pointer, code, message string) error {
	return Rejected{{pointer, code, message}}
}

// NotReady is the error that says: it may map later, for this reason. The host tries again.
type NotReady string

func (n NotReady) Error() string { return "not ready: " + string(n) }

// Violations collects faults, so that a merchant hears of all of them at once. Its zero value has
// none.
type Violations struct{ found []Violation }

// Root is the place of the payload as a whole.
func (v *Violations) Root() Place { return Place{into: v} }

// At is the place of a field of the payload.
func (v *Violations) At(field string) Place { return v.Root().Field(field) }

// Len is how many faults there are.
func (v *Violations) Len() int { return len(v.found) }

// Err is nil when there are no faults, else the rejection ([Rejected]) with all of them.
func (v *Violations) Err() error {
	if len(v.found) == 0 {
		return nil
	}
	return Rejected(v.found)
}

// A Place is somewhere in the payload. Going deeper costs nothing until a fault is added.
type Place struct {
	into  *Violations
	outer *Place
	field string
	index int // from 1, else it is a field
}

// Field is the place of a field of the object here.
func (p Place) Field(name string) Place { return Place{into: p.into, outer: &p, field: name} }

// Index is the place of an element of the list here, from 0.
func (p Place) Index(index int) Place { return Place{into: p.into, outer: &p, index: index + 1} }

// Pointer is where this is, as a JSON Pointer.
func (p Place) Pointer() string {
	switch {
	case p.outer == nil:
		return ""
	case p.index > 0:
		return p.outer.Pointer() + "/" + strconv.Itoa(p.index-1)
	}
	name := strings.ReplaceAll(strings.ReplaceAll(p.field, "~", "~0"), "/", "~1")
	return p.outer.Pointer() + "/" + name
}

// Add reports a fault here.
func (p Place) Add(code, message string) {
	p.into.found = append(p.into.found, Violation{p.Pointer(), code, message})
}
