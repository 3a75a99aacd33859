package woocommerce

import (
	"mapwright.dev/guest"
	"mapwright.dev/guest/internal/jsontext"
)

// An ID is the id of something in the shop, as text whatever JSON type it came in.
type ID string

// String is the id's text.
func (id ID) String() string { return string(id) }

// IsSet is whether it names something: WooCommerce writes 0, "" or null for "nothing".
func (id ID) IsSet() bool { return id != "" && id != "0" }

// A Time is a time as WooCommerce writes it: without an offset, in the shop's zone or (fields that
// end in GMT) in UTC; empty for "never".
type Time string

// IsSet is whether there is a time.
func (t Time) IsSet() bool { return t != "" }

// Date is the day, YYYY-MM-DD; "" for never.
func (t Time) Date() string {
	if len(t) < 10 {
		return ""
	}
	return string(t[:10])
}

// UTC is a GMT time as RFC 3339 in UTC; "" for never. Wrong for times in the shop's zone.
func (t Time) UTC() string {
	if t == "" {
		return ""
	}
	for t[len(t)-1] == 'Z' {
		t = t[:len(t)-1]
	}
	return string(t) + "Z"
}

// Extra has the fields that a model does not know, in the order they came, unread.
type Extra []ExtraField

// An ExtraField is a field that a model does not know.
type ExtraField struct {
	Name  string
	Value guest.JSON
}

// Get is the field of that name; null where there is none.
func (e Extra) Get(name string) guest.JSON {
	for _, field := range e {
		if field.Name == name {
			return field.Value
		}
	}
	return ""
}

// Text is the text of the field of that name; "" where it is missing or no text.
func (e Extra) Text(name string) string { return e.Get(name).Text() }

func metaText(entries []Meta, key string) string {
	for i := range entries {
		if entries[i].Key == key {
			return entries[i].Value.Text()
		}
	}
	return ""
}

func readAll(text string, into model) error {
	r := jsontext.NewReader(text)
	readModel(r, into)
	return r.End()
}
