package guest

import (
	"mapwright.dev/guest/internal/jsontext"
)

// An Operation is what the target is asked to do with a document.
type Operation uint8

// The operations of the contract.
const (
	// OperationCreate makes it; it must not exist yet.
	OperationCreate Operation = iota
	// OperationUpdate changes it; it must exist.
	OperationUpdate
	// OperationUpsert makes it or changes it, whichever is needed.
	OperationUpsert
	// OperationCancel calls it off, keeping the record.
	OperationCancel
	// OperationDelete takes it away.
	OperationDelete
)

func (o Operation) String() string {
	return [...]string{"create", "update", "upsert", "cancel", "delete"}[o]
}

// A Document is something for the target. Made by [Create], [Update], [Upsert], [Cancel] and
// [Delete].
type Document struct {
	// Entity is what it is in the target's words (`sale`).
	Entity string
	// IdempotencyKey names this document for ever. Never empty.
	IdempotencyKey string
	// Operation is what to do with it.
	Operation Operation
	// BodyJSON is its body; an empty object until [Document.Body] is called.
	BodyJSON string
	// Attributes are open name and value pairs for the connector.
	Attributes Attributes
}

func document(entity, key string, operation Operation) *Document {
	return &Document{Entity: entity, IdempotencyKey: key, Operation: operation, BodyJSON: "{}"}
}

// Create is a document to be made; it must not exist yet under this key.
func Create(entity, key string) *Document { return document(entity, key, OperationCreate) }

// Update is a document to be changed; it must exist.
func Update(entity, key string) *Document { return document(entity, key, OperationUpdate) }

// Upsert is a document to be made or changed, whichever is needed.
func Upsert(entity, key string) *Document { return document(entity, key, OperationUpsert) }

// Cancel is a document to be called off in the target's own way.
func Cancel(entity, key string) *Document { return document(entity, key, OperationCancel) }

// Delete is a document to be taken away.
func Delete(entity, key string) *Document { return document(entity, key, OperationDelete) }

// Body sets the body: structs by their `json` tags as in encoding/json, maps by sorted keys,
// [Object] in the order written, amounts as text. It panics for what cannot be JSON, a float among
// it: money and quantities are decimals. An empty list is `[]`, also where the slice is nil.
func (d *Document) Body(body any) *Document {
	d.BodyJSON = string(jsontext.Append(make([]byte, 0, 1024), body))
	return d
}

// Attribute adds a pair for the connector.
func (d *Document) Attribute(name, value string) *Document {
	d.Attributes = append(d.Attributes, Attribute{name, value})
	return d
}

// JSON is a JSON value kept as its own text and read when somebody asks.
type JSON = jsontext.Raw

// An Object is a JSON object whose members keep the order they are written in, for bodies that are
// no struct.
type Object []Member

// A Member is one name and value of an [Object].
type Member struct {
	Name  string
	Value any
}

// AppendJSON appends the object as JSON.
func (o Object) AppendJSON(out []byte) []byte {
	out = append(out, '{')
	for i, member := range o {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jsontext.AppendText(out, member.Name), ':')
		out = jsontext.Append(out, member.Value)
	}
	return append(out, '}')
}

// A Reference stands in a body for the id that the target gave to something else; the host puts it
// there at delivery. Made by [Ref].
type Reference struct{ Entity, Key string }

// Ref is a reference to something in the target: `{"$ref": {"entity": "party", "key": "WC-2"}}`.
func Ref(entity, key string) Reference { return Reference{entity, key} }

// AppendJSON appends the reference as JSON.
func (r Reference) AppendJSON(out []byte) []byte {
	out = jsontext.AppendText(append(out, `{"$ref":{"entity":`...), r.Entity)
	out = jsontext.AppendText(append(out, `,"key":`...), r.Key)
	return append(out, "}}"...)
}

// MarshalJSON writes the reference, for encoding/json.
func (r Reference) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }
