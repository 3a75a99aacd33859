// Package jsontext reads and writes JSON as text: numbers keep every digit, objects their order.
//
// encoding/json would do most of this, at some 600 KB of the component and a good part of the time
// of a call; what it cannot do is keep a number from becoming a float64 by mistake, or say where in
// the payload a fault is. Reading is one pass over the text, strings without escapes are parts of
// it. It does not stream, and it does not mend: what RFC 8259 does not allow is refused.
package jsontext

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind is what a value begins as.
type Kind byte

// The kinds of values, by the first byte of each; numbers by their own.
const (
	Null   Kind = 'n'
	False  Kind = 'f'
	True   Kind = 't'
	String Kind = '"'
	List   Kind = '['
	Object Kind = '{'
	Number Kind = '0'
	None   Kind = 0
)

// A Fault says what is wrong and where.
type Fault struct {
	// Pointer is the JSON Pointer of the value that is wrong.
	Pointer string
	Message string
	// Syntax is whether the text is no JSON; otherwise it is, but not what was asked for.
	Syntax bool
}

func (f *Fault) Error() string {
	if f.Pointer == "" {
		return f.Message
	}
	return f.Pointer + ": " + f.Message
}

// A Reader goes through one text. After the first fault it gives empty values, so that callers look
// at [Reader.Failed] where they would loop and at [Reader.End] when they are done.
type Reader struct {
	text  string
	at    int
	fault *Fault
}

// NewReader reads text.
func NewReader(text string) *Reader { return &Reader{text: text} }

// Failed is whether there was a fault.
func (r *Reader) Failed() bool { return r.fault != nil }

// Fail notes a fault of the value that was just read or is to be read.
func (r *Reader) Fail(message string) {
	if r.fault == nil {
		r.fault = &Fault{Message: message}
	}
}

// Under puts a name in front of the place of the fault: callers do so on the way out.
func (r *Reader) Under(name string) {
	name = strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
	r.fault.Pointer = "/" + name + r.fault.Pointer
}

func (r *Reader) syntax(message string) {
	if r.fault == nil {
		r.fault = &Fault{Message: message + " at byte " + strconv.Itoa(r.at), Syntax: true}
	}
}

// End checks that nothing follows, and gives the fault if there is one.
func (r *Reader) End() error {
	if r.fault == nil {
		r.space()
		if r.at < len(r.text) {
			r.syntax("something follows the value")
		}
	}
	if r.fault == nil {
		return nil
	}
	return r.fault
}

func (r *Reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\n', '\t', '\r':
			r.at++
		default:
			return
		}
	}
}

// Kind looks at the next value without reading it.
func (r *Reader) Kind() Kind {
	if r.fault != nil {
		return None
	}
	r.space()
	if r.at >= len(r.text) {
		r.syntax("the text ends where a value belongs")
		return None
	}
	switch c := r.text[r.at]; c {
	case '"', '[', '{', 't', 'f', 'n':
		return Kind(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	}
	r.syntax("no value begins with " + strconv.QuoteRune(rune(r.text[r.at])))
	return None
}

// Open enters an object or a list, whose kind was looked at before.
func (r *Reader) Open() { r.at++ }

// Key gives the next name of the object that was entered; false at its end.
func (r *Reader) Key(first *bool) (string, bool) {
	if !r.more('}', first) {
		return "", false
	}
	if r.at >= len(r.text) || r.text[r.at] != '"' {
		r.syntax("a name belongs")
		return "", false
	}
	key := r.Text()
	r.space()
	if r.fault != nil {
		return "", false
	}
	if r.at >= len(r.text) || r.text[r.at] != ':' {
		r.syntax("a colon belongs")
		return "", false
	}
	r.at++
	return key, true
}

// Item is whether there is one more value in the list that was entered.
func (r *Reader) Item(first *bool) bool { return r.more(']', first) }

func (r *Reader) more(end byte, first *bool) bool {
	if r.fault != nil {
		return false
	}
	r.space()
	switch {
	case r.at >= len(r.text):
		r.syntax("the text ends too early")
		return false
	case r.text[r.at] == end:
		r.at++
		return false
	case *first:
		*first = false
		return true
	case r.text[r.at] == ',':
		r.at++
		r.space()
		if r.at < len(r.text) && r.text[r.at] == end {
			r.syntax("nothing follows the comma")
			return false
		}
		return true
	}
	r.syntax("a comma belongs")
	return false
}

// Text reads a string.
func (r *Reader) Text() string {
	text, start := r.text, r.at+1
	end := strings.IndexByte(text[start:], '"')
	if end < 0 {
		r.at = len(text)
		r.syntax("a string does not end")
		return ""
	}
	plain := text[start : start+end]
	for i := range len(plain) {
		if c := plain[i]; c == '\\' || c < ' ' {
			return r.escaped(start, start+i)
		}
	}
	r.at = start + end + 1
	return plain
}

// escaped reads a string of which the part up to an escape was looked at.
func (r *Reader) escaped(start, i int) string {
	text := r.text
	out := make([]byte, 0, i-start+64)
	for {
		out = append(out, text[start:i]...)
		if i >= len(text) {
			break
		}
		if c := text[i]; c == '"' {
			r.at = i + 1
			return string(out)
		} else if c < ' ' {
			r.at = i
			r.syntax("a control character stands in a string")
			return ""
		}
		var ok bool
		if out, i, ok = unescape(out, text, i+1); !ok {
			r.at = min(i, len(text))
			r.syntax("an escape is wrong")
			return ""
		}
		start = i
		for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' {
			i++
		}
	}
	r.at = len(text)
	r.syntax("a string does not end")
	return ""
}

// unescape appends what stands after the backslash before i.
func unescape(out []byte, text string, i int) ([]byte, int, bool) {
	if i >= len(text) {
		return out, i, false
	}
	switch c := text[i]; c {
	case '"', '\\', '/':
		return append(out, c), i + 1, true
	case 'b':
		return append(out, '\b'), i + 1, true
	case 'f':
		return append(out, '\f'), i + 1, true
	case 'n':
		return append(out, '\n'), i + 1, true
	case 'r':
		return append(out, '\r'), i + 1, true
	case 't':
		return append(out, '\t'), i + 1, true
	case 'u':
		unit, ok := hex4(text, i+1)
		if !ok {
			return out, i, false
		}
		i += 5
		if !utf16.IsSurrogate(unit) {
			return utf8.AppendRune(out, unit), i, true
		}
		// Half a pair is no text; it is refused, as the host does.
		if i+1 < len(text) && text[i] == '\\' && text[i+1] == 'u' {
			if low, ok := hex4(text, i+2); ok {
				if full := utf16.DecodeRune(unit, low); full != utf8.RuneError {
					return utf8.AppendRune(out, full), i + 6, true
				}
			}
		}
	}
	return out, i, false
}

func hex4(text string, i int) (rune, bool) {
	if i+4 > len(text) {
		return 0, false
	}
	var value rune
	for _, c := range []byte(text[i : i+4]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		value = value<<4 | rune(c)
	}
	return value, true
}
