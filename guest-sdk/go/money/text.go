package money

import (
	"strconv"
	"strings"
)

// NotDecimal is a text that is no decimal number.
type NotDecimal string

func (text NotDecimal) Error() string { return "`" + string(text) + "` is not a decimal number" }

// Parse reads a decimal from text: `-12.34`, `1E-7`.
func Parse(text string) (Decimal, error) {
	trimmed := strings.TrimSpace(text)
	if d, ok := parse(trimmed); ok {
		return d, nil
	}
	if runes := []rune(trimmed); len(runes) > 40 {
		trimmed = string(runes[:40])
	}
	return Decimal{}, NotDecimal(trimmed)
}

// MustParse reads a decimal that stands in the code, and panics where it is none.
func MustParse(text string) Decimal {
	d, err := Parse(text)
	if err != nil {
		panic(err.Error())
	}
	return d
}

func parse(text string) (Decimal, bool) {
	var d Decimal
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		d.negative = text[i] == '-'
		i++
	}
	// Up to 19 digits go into one word, which is nearly always all of them.
	var units uint256
	var word uint64
	var inWord, digits, scale int
	flush := func() {
		units = units.times10(inWord).plus(uint256{word})
		word, inWord = 0, 0
	}
	point := false
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		if digits++; digits > 3*DigitsMax {
			return d, false
		}
		word = word*10 + uint64(c-'0')
		if point {
			scale++
		}
		if inWord++; inWord == 18 {
			if flush(); units.digits() > DigitsMax {
				return d, false
			}
		}
	}
	if digits == 0 {
		return d, false
	}
	if units == (uint256{}) {
		units = uint256{word}
	} else {
		flush()
	}
	if i < len(text) {
		if text[i] != 'e' && text[i] != 'E' {
			return d, false
		}
		exponent, err := strconv.ParseInt(text[i+1:], 10, 16)
		if err != nil {
			return d, false
		}
		scale -= int(exponent)
		if scale < 0 {
			if -scale > DigitsMax {
				return d, false
			}
			units, scale = units.times10(-scale), 0
		}
	}
	var ok bool
	if d.units, ok = units.narrow(); !ok || scale > ScaleMax {
		return d, false
	}
	d.scale = uint8(scale)
	d.negative = d.negative && !d.IsZero()
	return d, true
}

// String is the number in digits, with all of its places: `254.50`.
func (d Decimal) String() string {
	var room [48]byte
	return string(d.append(room[:0]))
}

func (d Decimal) append(out []byte) []byte {
	if d.negative {
		out = append(out, '-')
	}
	var room [48]byte
	digits := room[:0]
	if d.units.hi == 0 {
		digits = strconv.AppendUint(digits, d.units.lo, 10)
	} else {
		head, low := wide(d.units).over(powers[19])
		digits = strconv.AppendUint(digits, head[0], 10)
		tail := strconv.FormatUint(low, 10)
		for range 19 - len(tail) {
			digits = append(digits, '0')
		}
		digits = append(digits, tail...)
	}
	scale := int(d.scale)
	if scale == 0 {
		return append(out, digits...)
	}
	if len(digits) <= scale {
		out = append(out, '0', '.')
		for range scale - len(digits) {
			out = append(out, '0')
		}
		return append(out, digits...)
	}
	out = append(out, digits[:len(digits)-scale]...)
	out = append(out, '.')
	return append(out, digits[len(digits)-scale:]...)
}

// AppendJSON writes it as JSON text (`"254.56"`): a JSON number would be a float to its reader.
func (d Decimal) AppendJSON(out []byte) []byte {
	return append(d.append(append(out, '"')), '"')
}

// MarshalJSON writes it as JSON text, for encoding/json.
func (d Decimal) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil), nil }

// UnmarshalJSON reads a JSON string or number by its digits; null leaves it as it was.
func (d *Decimal) UnmarshalJSON(text []byte) error {
	plain := string(text)
	if plain == "null" {
		return nil
	}
	if len(plain) > 1 && plain[0] == '"' {
		plain = plain[1 : len(plain)-1]
	}
	read, err := Parse(plain)
	if err == nil {
		*d = read
	}
	return err
}

// A Number is a decimal that is written as a JSON number, digit by digit and never through a float,
// for targets that want numbers instead of texts.
type Number Decimal

// AppendJSON writes it as a JSON number.
func (n Number) AppendJSON(out []byte) []byte { return Decimal(n).append(out) }

// MarshalJSON writes it as a JSON number, for encoding/json.
func (n Number) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }
