package woocommerce

// How shops really write things, and what is made of it: the table in guest-sdk/models/README.md.
// Each function reads one value; what is refused is a fault of the reader, which callers place.

import (
	"strconv"

	"mapwright.dev/guest"
	"mapwright.dev/guest/internal/jsontext"
	"mapwright.dev/guest/money"
)

// A model is read field by field.
type model interface {
	// read reads the field of that name, and says whether the model has it.
	read(r *jsontext.Reader, key string) bool
	// unknown keeps a field that it does not have.
	unknown(key string, value guest.JSON)
	// required are the fields without which it is none.
	required() []string
}

func readText(r *jsontext.Reader) string {
	switch r.Kind() {
	case jsontext.String:
		return r.Text()
	case jsontext.Number:
		return r.Number()
	case jsontext.True, jsontext.False:
		return r.Word()
	case jsontext.Null:
		r.Word()
	case jsontext.List:
		if !emptyList(r) {
			r.Fail("a list stands where a text belongs")
		}
	case jsontext.Object:
		r.Fail("an object stands where a text belongs")
	}
	return ""
}

func readID(r *jsontext.Reader) ID {
	switch r.Kind() {
	case jsontext.String:
		return ID(r.Text())
	case jsontext.Number:
		return ID(r.Number())
	case jsontext.Null, jsontext.False:
		r.Word()
	case jsontext.None:
	default:
		r.Fail("this is no id")
	}
	return ""
}

func readTime(r *jsontext.Reader) Time { return Time(readText(r)) }

func readJSON(r *jsontext.Reader) guest.JSON { return r.Raw() }

func readDecimal(r *jsontext.Reader) money.Decimal {
	var text string
	switch r.Kind() {
	case jsontext.String:
		if text = r.Text(); blank(text) {
			return money.Decimal{}
		}
	case jsontext.Number:
		text = r.Number()
	case jsontext.Null:
		r.Word()
		return money.Decimal{}
	default:
		text = string(r.Raw())
	}
	if r.Failed() {
		return money.Decimal{}
	}
	number, err := money.Parse(text)
	if err != nil {
		r.Fail(err.Error())
	}
	return number
}

func blank(text string) bool {
	for i := range len(text) {
		if c := text[i]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

func readBool(r *jsontext.Reader) bool {
	switch text := readText(r); text {
	case "true", "1", "yes", "on":
		return true
	case "false", "0", "no", "off", "":
	default:
		r.Fail("`" + text + "` is neither true nor false")
	}
	return false
}

// emptyList reads a list that has nothing in it. Of one with something in it, it reads no more than
// is needed to know.
func emptyList(r *jsontext.Reader) bool {
	r.Open()
	first := true
	return !r.Item(&first)
}

// readList reads a list; PHP writes one with gaps as an object.
func readList[T any](r *jsontext.Reader, item func(*jsontext.Reader) T) []T {
	switch r.Kind() {
	case jsontext.List:
		var list []T
		r.Open()
		for first := true; r.Item(&first); {
			list = append(list, item(r))
			if r.Failed() {
				r.Under(strconv.Itoa(len(list) - 1))
				return nil
			}
		}
		return list
	case jsontext.Object:
		var list []T
		r.Open()
		for first := true; ; {
			key, more := r.Key(&first)
			if !more {
				return list
			}
			list = append(list, item(r))
			if r.Failed() {
				r.Under(key)
				return nil
			}
		}
	case jsontext.Null:
		r.Word()
	case jsontext.String:
		if r.Text() != "" {
			r.Fail("a text stands where a list belongs")
		}
	case jsontext.None:
	default:
		r.Fail("a list belongs here")
	}
	return nil
}

// readModel reads an object into a model whose fields are empty.
func readModel(r *jsontext.Reader, into model) {
	switch r.Kind() {
	case jsontext.Object:
		readFields(r, into)
	case jsontext.Null:
		r.Word()
	case jsontext.String:
		if r.Text() != "" {
			r.Fail("a text stands where an object belongs")
		}
	case jsontext.List:
		if !emptyList(r) {
			r.Fail("a list stands where an object belongs")
		}
	case jsontext.None:
	default:
		r.Fail("an object belongs here")
	}
}

func readFields(r *jsontext.Reader, into model) {
	required := into.required()
	var seen uint32
	r.Open()
	for first := true; ; {
		key, more := r.Key(&first)
		if !more {
			break
		}
		for i, name := range required {
			if name == key {
				seen |= 1 << i
			}
		}
		if !into.read(r, key) {
			into.unknown(key, r.Raw())
		}
		if r.Failed() {
			r.Under(key)
			return
		}
	}
	for i, name := range required {
		if seen&(1<<i) == 0 && !r.Failed() {
			r.Fail("the field is missing")
			r.Under(name)
		}
	}
}
