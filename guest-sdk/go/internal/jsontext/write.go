package jsontext

import (
	"encoding"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// An Appender writes itself as JSON without a detour.
type Appender interface {
	AppendJSON(out []byte) []byte
}

// marshaler is json.Marshaler, which is not imported.
type marshaler interface {
	MarshalJSON() ([]byte, error)
}

// Append writes a value as JSON the way encoding/json does (tags `json:"name,omitempty"`, `-`,
// `omitzero`, embedded structs, maps by sorted keys), with three differences: nothing is escaped
// that need not be, floats are refused, and so is text that is not UTF-8.
//
// It panics for what cannot be JSON: that is a fault of the plugin, and the panic says where.
func Append(out []byte, value any) []byte {
	w := writer{out: out}
	of := reflect.ValueOf(value)
	if of.IsValid() && of.Kind() != reflect.Pointer {
		// What has an address can be asked for its methods without a copy of each field.
		addressed := reflect.New(of.Type()).Elem()
		addressed.Set(of)
		of = addressed
	}
	w.value(of)
	return w.out
}

// A writer writes one value, and knows the way to where it is.
type writer struct {
	out  []byte
	path []string
}

func (w *writer) refuse(message string) {
	if len(w.path) > 0 {
		message += ", at /" + strings.Join(w.path, "/")
	}
	panic(message)
}

func (w *writer) under(name string, value reflect.Value) {
	w.path = append(w.path, name)
	w.value(value)
	w.path = w.path[:len(w.path)-1]
}

func (w *writer) value(value reflect.Value) {
	kind := value.Kind()
	if kind == reflect.Invalid || (kind == reflect.Interface || kind == reflect.Pointer) && value.IsNil() {
		w.out = append(w.out, "null"...)
		return
	}
	if kind != reflect.Interface && w.own(value) {
		return
	}
	switch kind {
	case reflect.String:
		w.text(value.String())
	case reflect.Bool:
		w.out = strconv.AppendBool(w.out, value.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.out = strconv.AppendInt(w.out, value.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.out = strconv.AppendUint(w.out, value.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		w.refuse("a " + kind.String() + " cannot be in a document: money and quantities are money.Decimal")
	case reflect.Interface, reflect.Pointer:
		w.value(value.Elem())
	case reflect.Struct:
		w.out = append(w.out, '{')
		w.fields(value, true)
		w.out = append(w.out, '}')
	case reflect.Map:
		w.members(value)
	case reflect.Slice, reflect.Array:
		// encoding/json writes null for a nil slice, and nobody ever wants it.
		w.out = append(w.out, '[')
		for i := range value.Len() {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			w.under(strconv.Itoa(i), value.Index(i))
		}
		w.out = append(w.out, ']')
	default:
		w.refuse("a " + value.Type().String() + " cannot be JSON")
	}
}

// own writes a value that knows how to.
func (w *writer) own(value reflect.Value) bool {
	if value.Type().NumMethod() == 0 || !value.CanInterface() {
		return false
	}
	if value.CanAddr() {
		value = value.Addr()
	}
	switch own := value.Interface().(type) {
	case *Raw:
		w.raw(own.JSON())
	case Raw:
		w.raw(own.JSON())
	case Appender:
		w.out = own.AppendJSON(w.out)
	case marshaler:
		text, err := own.MarshalJSON()
		if err != nil {
			w.refuse(value.Type().String() + " cannot be JSON: " + err.Error())
		}
		w.raw(string(text))
	case encoding.TextMarshaler:
		text, err := own.MarshalText()
		if err != nil {
			w.refuse(value.Type().String() + " cannot be text: " + err.Error())
		}
		w.text(string(text))
	default:
		return false
	}
	return true
}

// raw writes what says of itself that it is JSON.
func (w *writer) raw(text string) {
	if err := Valid(text); err != nil {
		w.refuse("what is written as JSON is none: " + err.Error())
	}
	w.out = append(w.out, text...)
}

func (w *writer) fields(value reflect.Value, first bool) bool {
	for i, field := range fieldsOf(value.Type()) {
		inner := value.Field(i)
		switch {
		case field.skip:
			continue
		case field.inline:
			first = w.fields(inner, first)
			continue
		case field.omitEmpty && empty(inner), field.omitZero && zero(inner):
			continue
		}
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		w.out = append(w.out, field.quoted...)
		w.under(field.name, inner)
	}
	return first
}

func (w *writer) members(value reflect.Value) {
	if value.Type().Key().Kind() != reflect.String {
		w.refuse("the keys of a " + value.Type().String() + " are no strings")
	}
	keys := value.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	w.out = append(w.out, '{')
	for i, key := range keys {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.text(key.String())
		w.out = append(w.out, ':')
		w.under(key.String(), value.MapIndex(key))
	}
	w.out = append(w.out, '}')
}

func (w *writer) text(text string) {
	var ok bool
	if w.out, ok = appendText(w.out, text); !ok {
		w.refuse("the text " + strconv.QuoteToASCII(text) + " is not UTF-8")
	}
}

func empty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return value.Len() == 0
	case reflect.Struct:
		return false
	}
	return value.IsZero()
}

func zero(value reflect.Value) bool {
	if value.CanInterface() {
		if own, ok := value.Interface().(interface{ IsZero() bool }); ok {
			return own.IsZero()
		}
	}
	return value.IsZero()
}

// field is what is known of a struct's field.
type field struct {
	name      string
	quoted    string // `"name":`
	skip      bool
	inline    bool
	omitEmpty bool
	omitZero  bool
}

// known has the structs that were met. An instance lives for one call, a line of an order comes
// many times in it; there are few of them, so they are found by looking through.
var known []struct {
	of     reflect.Type
	fields []field
}

var knowing sync.Mutex // tests may run in parallel

func fieldsOf(of reflect.Type) []field {
	knowing.Lock()
	defer knowing.Unlock()
	for i := range known {
		if known[i].of == of {
			return known[i].fields
		}
	}
	fields := make([]field, of.NumField())
	for i := range fields {
		plain := of.Field(i)
		tag := plain.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = plain.Name
		}
		anonymous := plain.Anonymous && plain.Type.Kind() == reflect.Struct && !strings.Contains(tag, name)
		fields[i] = field{
			name:      name,
			quoted:    string(append(AppendText(nil, name), ':')),
			skip:      tag == "-" || (!plain.IsExported() && !anonymous),
			inline:    anonymous,
			omitEmpty: strings.Contains(options, "omitempty"),
			omitZero:  strings.Contains(options, "omitzero"),
		}
	}
	known = append(known, struct {
		of     reflect.Type
		fields []field
	}{of, fields})
	return fields
}

// AppendText writes a string. It panics where that is not UTF-8.
func AppendText(out []byte, text string) []byte {
	w := writer{out: out}
	w.text(text)
	return w.out
}

func appendText(out []byte, text string) ([]byte, bool) {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				return out, false
			}
			i += size
			continue
		}
		out = append(out, text[start:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\t':
			out = append(out, '\\', 't')
		case '\r':
			out = append(out, '\\', 'r')
		default:
			const hex = "0123456789abcdef"
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	out = append(out, text[start:]...)
	return append(out, '"'), true
}
