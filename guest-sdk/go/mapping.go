package guest

import (
	"mapwright.dev/guest/internal/jsontext"
)

// An Input is what is to be mapped. Package woocommerce reads orders, products and customers of it.
type Input struct {
	// Payload is the payload as received, JSON text.
	Payload string
	// Status is the target's status, when the route translates statuses and the target is not to
	// keep the one it has; else nil.
	Status *string
	// Lines are the priced lines, when the route has pricing.
	Lines []PriceLine
	// Attributes are open name and value pairs.
	Attributes Attributes
}

// Read reads the payload into a struct of the plugin's own. The error is a rejection:
// `payload_not_json` or, with the place, `payload_malformed`.
func (in *Input) Read(into any) error {
	err := jsontext.Read(in.Payload, into)
	if err == nil {
		return nil
	}
	return Malformed(in.Payload, err)
}

// Malformed is the rejection for a payload that could not be read: the pointer is that of the
// fault, unless the payload is no JSON at all.
func Malformed(payload string, fault error) error {
	if err := jsontext.Valid(payload); err != nil {
		return Reject("", "payload_not_json", "the payload is not JSON: "+err.Error())
	}
	if placed, ok := fault.(*jsontext.Fault); ok {
		return Reject(placed.Pointer, "payload_malformed", placed.Message)
	}
	return Reject("", "payload_malformed", fault.Error())
}

// Line is the priced line of that id; nil where there is none.
func (in *Input) Line(id string) *PriceLine {
	for i := range in.Lines {
		if in.Lines[i].ID == id {
			return &in.Lines[i]
		}
	}
	return nil
}

// A Mapping is a finished answer: documents, or rightly nothing. Made by [Deliver] and [Skip].
type Mapping struct {
	// Documents are delivered in this order, each after the one before it.
	Documents []*Document
	// Checkpoint is given back as [Context.Checkpoint] once all documents are delivered.
	Checkpoint *string
	// Skipped is why there is rightly nothing to deliver; nil when there are documents.
	Skipped *string
}

// Deliver answers with documents, in order.
func Deliver(documents ...*Document) *Mapping { return &Mapping{Documents: documents} }

// Skip answers that there is rightly nothing to deliver.
func Skip(reason string) *Mapping { return &Mapping{Skipped: &reason} }

// Remember keeps something for the next event of this resource; without effect on a skip. It panics
// when the value cannot be JSON.
func (m *Mapping) Remember(value any) *Mapping {
	if m.Skipped == nil {
		text := string(jsontext.Append(nil, value))
		m.Checkpoint = &text
	}
	return m
}
