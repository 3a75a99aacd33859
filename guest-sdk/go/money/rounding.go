package money

import "errors"

// A Rounding is what becomes of digits that are rounded away. In settings it is a text: `half_up`,
// `half_even`, `down`.
type Rounding int

const (
	// HalfUp rounds a half away from zero, as tax offices and WooCommerce do.
	HalfUp Rounding = iota
	// HalfEven rounds a half to the even digit beside it.
	HalfEven
	// Down drops what is too much: towards zero.
	Down
)

var roundings = [...]string{HalfUp: "half_up", HalfEven: "half_even", Down: "down"}

func (r Rounding) String() string { return roundings[r] }

// UnmarshalJSON reads the name of a way of rounding; null leaves it as it was.
func (r *Rounding) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	for i, name := range roundings {
		if string(text) == `"`+name+`"` {
			*r = Rounding(i)
			return nil
		}
	}
	return errors.New("half_up, half_even or down belongs here")
}

// away is whether digits are rounded away from zero: twice what they are, of that unit, after an odd
// digit or an even one.
func (r Rounding) away(twice, unit uint256, odd bool) bool {
	switch {
	case r == Down || twice.less(unit):
		return false
	case twice == unit:
		return r == HalfUp || odd
	}
	return true
}
