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
	return appendValue(out, reflect.ValueOf(value), "")
}

func refuse(path, message string) {
	if path != "" {
		message += ", at " + path
	}
	panic(message)
}

func appendValue(out []byte, value reflect.Value, path string) []byte {
	if !value.IsValid() {
		return append(out, "null"...)
	}
	kind := value.Kind()
	if kind == reflect.Interface || kind == reflect.Pointer {
		if value.IsNil() {
			return append(out, "null"...)
		}
	}
	if value.Type().NumMethod() > 0 && value.CanInterface() {
		switch own := value.Interface().(type) {
		case Appender:
			return own.AppendJSON(out)
		case marshaler:
			text, err := own.MarshalJSON()
			if err == nil {
				err = Valid(string(text))
			}
			if err != nil {
				refuse(path, value.Type().String()+" cannot be JSON: "+err.Error())
			}
			return append(out, text...)
		case encoding.TextMarshaler:
			text, err := own.MarshalText()
			if err != nil {
				refuse(path, value.Type().String()+" cannot be text: "+err.Error())
			}
			return appendText(out, string(text), path)
		}
	}
	switch kind {
	case reflect.String:
		return appendText(out, value.String(), path)
	case reflect.Bool:
		return strconv.AppendBool(out, value.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(out, value.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(out, value.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		refuse(path, "a "+kind.String()+" cannot be in a document: money and quantities are money.Decimal")
	case reflect.Interface, reflect.Pointer:
		return appendValue(out, value.Elem(), path)
	case reflect.Struct:
		out, _ = appendFields(append(out, '{'), value, path, true)
		return append(out, '}')
	case reflect.Map:
		return appendMap(out, value, path)
	case reflect.Slice:
		if value.IsNil() {
			// encoding/json writes null, and nobody ever wants it.
			return append(out, "[]"...)
		}
		return appendList(out, value, path)
	case reflect.Array:
		return appendList(out, value, path)
	}
	refuse(path, "a "+value.Type().String()+" cannot be JSON")
	return out
}

func appendList(out []byte, value reflect.Value, path string) []byte {
	out = append(out, '[')
	for i := range value.Len() {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendValue(out, value.Index(i), path)
	}
	return append(out, ']')
}

func appendFields(out []byte, value reflect.Value, path string, first bool) ([]byte, bool) {
	for i, field := range fieldsOf(value.Type()) {
		inner := value.Field(i)
		switch {
		case field.skip:
			continue
		case field.inline:
			out, first = appendFields(out, inner, path, first)
			continue
		case field.omitEmpty && empty(inner), field.omitZero && zero(inner):
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(out, field.quoted...)
		out = appendValue(out, inner, path+"/"+field.name)
	}
	return out, first
}

func appendMap(out []byte, value reflect.Value, path string) []byte {
	if value.Type().Key().Kind() != reflect.String {
		refuse(path, "the keys of a "+value.Type().String()+" are no strings")
	}
	keys := value.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	out = append(out, '{')
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		name := key.String()
		out = append(appendText(out, name, path), ':')
		out = appendValue(out, value.MapIndex(key), path+"/"+name)
	}
	return append(out, '}')
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
			quoted:    string(append(appendText(nil, name, ""), ':')),
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

// AppendText writes a string.
func AppendText(out []byte, text string) []byte { return appendText(out, text, "") }

func appendText(out []byte, text, path string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(text[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			refuse(path, "the text "+strconv.QuoteToASCII(text)+" is not UTF-8")
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
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
	return append(out, '"')
}
