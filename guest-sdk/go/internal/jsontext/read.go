package jsontext

import (
	"reflect"
	"strconv"
)

// unmarshaler is json.Unmarshaler, which is not imported.
type unmarshaler interface {
	UnmarshalJSON(text []byte) error
}

// Read reads a text into what a pointer points at: structs by the names of their fields (exactly
// these; others are passed over), slices, maps with string keys, pointers, strings, booleans,
// integers, and what has an UnmarshalJSON. Null and missing fields leave what was there. There are
// no floats: it panics for a field that is one, whatever the text says.
func Read(text string, into any) error {
	value := reflect.ValueOf(into)
	if value.Kind() != reflect.Pointer || value.IsNil() {
		panic("JSON is read into a pointer")
	}
	r := NewReader(text)
	read(r, value.Elem())
	return r.End()
}

func read(r *Reader, into reflect.Value) {
	kind := r.Kind()
	if kind == None {
		return
	}
	if into.CanAddr() && into.Addr().Type().NumMethod() > 0 {
		if own, ok := into.Addr().Interface().(unmarshaler); ok {
			text := r.Raw()
			if !r.Failed() {
				if err := own.UnmarshalJSON([]byte(text)); err != nil {
					r.Fail(err.Error())
				}
			}
			return
		}
	}
	want := ""
	switch into.Kind() {
	case reflect.Float32, reflect.Float64:
		panic("a " + into.Kind().String() + " is not read from JSON: money and quantities are money.Decimal")
	case reflect.Interface:
		panic("JSON is not read into an interface: give it a type, or guest.JSON")
	case reflect.Pointer:
		if kind == Null {
			r.Word()
			into.SetZero()
			return
		}
		if into.IsNil() {
			into.Set(reflect.New(into.Type().Elem()))
		}
		read(r, into.Elem())
		return
	case reflect.String:
		if want = "a text"; kind == String {
			into.SetString(r.Text())
			return
		}
	case reflect.Bool:
		if want = "true or false"; kind == True || kind == False {
			into.SetBool(r.Word() == "true")
			return
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if want = "a whole number"; kind == Number {
			number, err := strconv.ParseInt(r.Number(), 10, into.Type().Bits())
			if err != nil {
				r.Fail("a whole number that fits belongs here")
			}
			into.SetInt(number)
			return
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if want = "a whole number"; kind == Number {
			number, err := strconv.ParseUint(r.Number(), 10, into.Type().Bits())
			if err != nil {
				r.Fail("a whole number from 0 that fits belongs here")
			}
			into.SetUint(number)
			return
		}
	case reflect.Slice:
		if want = "a list"; kind == List {
			readList(r, into)
			return
		}
	case reflect.Struct, reflect.Map:
		if want = "an object"; kind == Object {
			readObject(r, into)
			return
		}
	default:
		panic("JSON is not read into a " + into.Type().String())
	}
	if kind == Null {
		r.Word()
		return
	}
	r.Skip()
	r.Fail(want + " belongs here")
}

func readList(r *Reader, into reflect.Value) {
	into.SetLen(0)
	r.Open()
	for first, i := true, 0; r.Item(&first); i++ {
		item := reflect.New(into.Type().Elem()).Elem()
		read(r, item)
		if r.Failed() {
			r.Under(strconv.Itoa(i))
			return
		}
		into.Set(reflect.Append(into, item))
	}
}

func readObject(r *Reader, into reflect.Value) {
	isMap := into.Kind() == reflect.Map
	if isMap && into.Type().Key().Kind() != reflect.String {
		panic("JSON is not read into a " + into.Type().String())
	}
	if isMap && into.IsNil() {
		into.Set(reflect.MakeMap(into.Type()))
	}
	r.Open()
	first := true
	for {
		key, more := r.Key(&first)
		if !more {
			return
		}
		switch {
		case isMap:
			item := reflect.New(into.Type().Elem()).Elem()
			read(r, item)
			into.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), item)
		default:
			if inner, ok := named(into, key); ok {
				read(r, inner)
			} else {
				r.Skip()
			}
		}
		if r.Failed() {
			r.Under(key)
			return
		}
	}
}

// named is the field that a key fills.
func named(of reflect.Value, key string) (reflect.Value, bool) {
	for i, field := range fieldsOf(of.Type()) {
		switch {
		case field.skip:
		case field.inline:
			if inner, ok := named(of.Field(i), key); ok {
				return inner, true
			}
		case field.name == key:
			return of.Field(i), true
		}
	}
	return reflect.Value{}, false
}
