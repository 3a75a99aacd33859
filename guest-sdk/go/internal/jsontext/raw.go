package jsontext

import "strings"

// A Raw is a JSON value kept as its own text and read when somebody asks. The empty Raw is null.
type Raw string

// JSON is the value's text.
func (v Raw) JSON() string {
	if v == "" {
		return "null"
	}
	return string(v)
}

// Text is the value as text: a string as it is, a number or boolean as it is written; nothing for
// null, lists and objects.
func (v Raw) Text() string {
	if v == "" {
		return ""
	}
	switch v[0] {
	case '"':
		return NewReader(string(v)).Text()
	case '[', '{', 'n':
		return ""
	}
	return string(v)
}

// Read reads the value into what a pointer points at, as [Read] does.
func (v Raw) Read(into any) error { return Read(v.JSON(), into) }

// MarshalJSON gives the text as it came.
func (v Raw) MarshalJSON() ([]byte, error) { return []byte(v.JSON()), nil }

// UnmarshalJSON keeps the text.
func (v *Raw) UnmarshalJSON(text []byte) error {
	*v = Raw(text)
	return nil
}

// AppendJSON appends the text as it came.
func (v Raw) AppendJSON(out []byte) []byte { return append(out, v.JSON()...) }

// Raw reads any value and keeps its text.
func (r *Reader) Raw() Raw {
	r.space()
	start := r.at
	r.Skip()
	if r.fault != nil {
		return ""
	}
	return Raw(r.text[start:r.at])
}

// Valid says what is wrong with a text as JSON, if anything.
func Valid(text string) error {
	r := NewReader(text)
	r.Skip()
	return r.End()
}

// Skip reads any value and checks that it is one. Depth costs memory, not stack.
func (r *Reader) Skip() {
	var open []byte // the brackets to be closed, innermost last
	for {
		kind := r.Kind()
		switch kind {
		case None:
			return
		case String:
			r.skipText()
		case Number:
			r.Number()
		case Object, List:
			r.at++
			open = append(open, byte(kind)+2) // the closing one, in ASCII
			r.space()
			if r.at < len(r.text) && r.text[r.at] == open[len(open)-1] {
				break // closed below
			}
			if kind == Object && !r.name() {
				return
			}
			continue
		default:
			r.Word()
		}
		// A value has ended: close what ends with it, or go on to the next.
		for {
			if r.fault != nil {
				return
			}
			if len(open) == 0 {
				return
			}
			end := open[len(open)-1]
			r.space()
			if r.at >= len(r.text) {
				r.syntax("the text ends too early")
				return
			}
			c := r.text[r.at]
			if c == end {
				r.at++
				open = open[:len(open)-1]
				continue
			}
			if c != ',' {
				r.syntax("a comma belongs")
				return
			}
			r.at++
			if end == '}' && !r.name() {
				return
			}
			break
		}
	}
}

// name skips a name and its colon.
func (r *Reader) name() bool {
	r.space()
	if r.at >= len(r.text) || r.text[r.at] != '"' {
		r.syntax("a name belongs")
		return false
	}
	r.skipText()
	if r.fault != nil {
		return false
	}
	r.space()
	if r.at >= len(r.text) || r.text[r.at] != ':' {
		r.syntax("a colon belongs")
		return false
	}
	r.at++
	return true
}

// skipText is [Reader.Text] for a string that nobody wants: escapes are looked at, not resolved.
func (r *Reader) skipText() {
	text := r.text
	for i := r.at + 1; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		switch c {
		case '"':
			r.at = i + 1
			return
		case '\\':
			var room [8]byte
			_, next, ok := unescape(room[:0], text, i+1)
			if !ok {
				r.at = i
				r.syntax("an escape is wrong")
				return
			}
			i = next - 1
		default:
			r.at = i
			r.syntax("a control character stands in a string")
			return
		}
	}
	r.at = len(text)
	r.syntax("a string does not end")
}

// Word reads `true`, `false` or `null` and gives its text.
func (r *Reader) Word() string {
	for _, word := range [...]string{"null", "true", "false"} {
		if strings.HasPrefix(r.text[r.at:], word) {
			r.at += len(word)
			return word
		}
	}
	r.syntax("no value begins so")
	return ""
}

// Number reads a number and gives its text.
func (r *Reader) Number() string {
	text, start, i := r.text, r.at, r.at
	digits := func() bool {
		from := i
		for i < len(text) && '0' <= text[i] && text[i] <= '9' {
			i++
		}
		return i > from
	}
	if text[i] == '-' {
		i++
	}
	whole := i
	ok := digits() && (text[whole] != '0' || i == whole+1)
	if ok && i < len(text) && text[i] == '.' {
		i++
		ok = digits()
	}
	if ok && i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		ok = digits()
	}
	r.at = i
	if !ok {
		r.syntax("a number is wrong")
		return ""
	}
	return text[start:i]
}
