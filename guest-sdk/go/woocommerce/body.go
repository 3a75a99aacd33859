// Package woocommerce reads what WooCommerce sends, with patience for how shops really write it.
//
// Amounts are decimals read from their text, ids are texts, and what a model does not know is in its
// Extra. A missing text is "", a missing amount zero, except for the few fields without which an
// order is none: status, currency and total must be there. One pass over the payload reads it;
// texts without escapes are parts of it.
package woocommerce

import (
	"mapwright.dev/guest"
	"mapwright.dev/guest/internal/jsontext"
)

// exceptionBytesMax: a longer body is a resource. The longest error object seen was 95 bytes, but
// its message is translated and may quote.
const exceptionBytesMax = 2048

// ReadOrder reads the payload as an order.
//
// A body that is nothing but an id is that of a deleted order: then its id is set, and the order
// nil. The error is a rejection: `payload_not_json`; `payload_malformed` with the place;
// `source_error` for the error object that WooCommerce signs and sends when the webhook's owner
// lost the right to read.
func ReadOrder(input *guest.Input) (order *Order, deleted ID, err error) {
	return readBody[Order](input.Payload)
}

// ReadProduct reads the payload as a product or variation; answers as [ReadOrder].
func ReadProduct(input *guest.Input) (product *Product, deleted ID, err error) {
	return readBody[Product](input.Payload)
}

// ReadCustomer reads the payload as a customer; answers as [ReadOrder].
func ReadCustomer(input *guest.Input) (customer *Customer, deleted ID, err error) {
	return readBody[Customer](input.Payload)
}

// ReadRefund reads the payload as a refund; answers as [ReadOrder].
func ReadRefund(input *guest.Input) (refund *Refund, deleted ID, err error) {
	return readBody[Refund](input.Payload)
}

func readBody[T any, M interface {
	*T
	model
}](payload string) (*T, ID, error) {
	// Short bodies are where the exceptions are; an order never is that short.
	if len(payload) <= exceptionBytesMax {
		if deleted, err := exception(payload); err != nil || deleted.IsSet() {
			return nil, deleted, err
		}
	}
	resource := new(T)
	if err := readAll(payload, M(resource)); err != nil {
		return nil, "", guest.Malformed(payload, err)
	}
	return resource, "", nil
}

// exception recognises the bodies that are no resource.
func exception(payload string) (ID, error) {
	var body probe
	switch {
	case readAll(payload, &body) != nil:
		return "", nil // whoever reads the resource says what is wrong
	case body.id.IsSet():
		if body.more {
			return "", nil
		}
		return body.id, nil
	case body.code != "":
		return "", guest.Reject("/code", "source_error", "the shop sent the error `"+body.code+"` ("+body.message+
			") instead of the resource; check that the webhook's owner may still read it")
	}
	return "", nil
}

// probe is enough of a body to tell what it is.
type probe struct {
	id            ID
	code, message string
	more          bool
}

func (p *probe) read(r *jsontext.Reader, key string) bool {
	switch key {
	case "id":
		p.id = readID(r)
	case "code":
		p.code = readText(r)
	case "message":
		p.message = readText(r)
	default:
		return false
	}
	return true
}

func (p *probe) unknown(string, guest.JSON) { p.more = true }

func (*probe) required() []string { return nil }
