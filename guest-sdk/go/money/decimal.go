// Package money has decimals for amounts and quantities. There is no way from a float to one.
//
// A [Decimal] is a whole number of at most 34 digits and a scale of at most 34 places. It keeps the
// scale it was read with (0.10 is written 0.10). Sums and products are exact as long as they fit;
// what has more places than fit is rounded at the last one, and what has more digits before the
// point than fit panics: a wrong amount never goes on quietly.
package money

import "math/bits"

const (
	// DigitsMax is how many digits a decimal has at most.
	DigitsMax = 34
	// ScaleMax is how many places it has at most.
	ScaleMax = 34
	// digits a division gives
	quotientDigits = 28
)

// A Decimal is a decimal number. Its zero value is 0. Compare with [Decimal.Equal] or
// [Decimal.Cmp]: == also compares scales, 1.0 and 1.00 are two writings of one number.
type Decimal struct {
	units    uint128
	scale    uint8
	negative bool
}

// New is units at a scale: New(25456, 2) is 254.56.
func New(units int64, scale int) Decimal {
	if scale < 0 || scale > ScaleMax {
		panic("decimal: a scale is from 0 to 34")
	}
	negative := units < 0
	size := uint64(units)
	if negative {
		size = -size
	}
	return Decimal{uint128{0, size}, uint8(scale), negative}
}

// FromInt is a whole number.
func FromInt(number int) Decimal { return New(int64(number), 0) }

// Sum adds all of them; of none it is 0.
func Sum(of ...Decimal) Decimal {
	var sum Decimal
	for _, d := range of {
		sum = sum.Add(d)
	}
	return sum
}

// Scale is how many places it is written with.
func (d Decimal) Scale() int { return int(d.scale) }

// IsZero is whether it is 0, at any scale.
func (d Decimal) IsZero() bool { return d.units == uint128{} }

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.IsZero():
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// Neg is the number with the other sign.
func (d Decimal) Neg() Decimal {
	d.negative = !d.negative && !d.IsZero()
	return d
}

// Abs is the number without its sign.
func (d Decimal) Abs() Decimal {
	d.negative = false
	return d
}

// Equal is whether both are the same number, at whatever scale.
func (d Decimal) Equal(other Decimal) bool { return d.Cmp(other) == 0 }

// Cmp is -1, 0 or 1 where d is less than, equal to or greater than other.
func (d Decimal) Cmp(other Decimal) int {
	if a, b := d.Sign(), other.Sign(); a != b {
		return order(a < b)
	}
	a, b := wide(d.units), wide(other.units)
	if d.scale < other.scale {
		a = a.times10(int(other.scale - d.scale))
	} else {
		b = b.times10(int(d.scale - other.scale))
	}
	if a == b {
		return 0
	}
	return order(a.less(b) != d.negative)
}

func order(less bool) int {
	if less {
		return -1
	}
	return 1
}

// Add is d + other.
func (d Decimal) Add(other Decimal) Decimal {
	if d.scale > other.scale {
		d, other = other, d
	}
	shift := int(other.scale - d.scale)
	// Nearly all sums are of small numbers.
	if d.units.hi|other.units.hi == 0 && shift < len(powers) {
		if hi, lo := bits.Mul64(d.units.lo, powers[shift]); hi == 0 {
			return sum(uint128{0, lo}, d.negative, other)
		}
	}
	a, b := wide(d.units).times10(shift), wide(other.units)
	if d.negative == other.negative {
		return fit(a.plus(b), int(other.scale), d.negative)
	}
	if a.less(b) {
		return fit(b.minus(a), int(other.scale), other.negative)
	}
	return fit(a.minus(b), int(other.scale), d.negative)
}

// sum adds units of 64 bits at the scale of other.
func sum(units uint128, negative bool, other Decimal) Decimal {
	a, b := units.lo, other.units.lo
	switch {
	case negative == other.negative:
		lo, carry := bits.Add64(a, b, 0)
		other.units = uint128{carry, lo}
	case a <= b:
		other.units.lo = b - a
	default:
		other.units.lo, other.negative = a-b, negative
	}
	other.negative = other.negative && !other.IsZero()
	return other
}

// Sub is d - other.
func (d Decimal) Sub(other Decimal) Decimal { return d.Add(other.Neg()) }

// Mul is d * other; its scale is the sum of both scales.
func (d Decimal) Mul(other Decimal) Decimal {
	return fit(product(d.units, other.units), int(d.scale)+int(other.scale), d.negative != other.negative)
}

// Div is d / other: exact at the scale of d less that of other where it can be, else as exact as
// 28 significant digits, the last one rounded half to even. Division by zero panics.
func (d Decimal) Div(other Decimal) Decimal {
	if other.IsZero() {
		panic("decimal: division by zero")
	}
	negative := d.negative != other.negative
	quotient, rest := divide(wide(d.units), other.units)
	scale := int(d.scale) - int(other.scale)
	least := max(scale, 0)
	units := wide(quotient)
	for rest != (uint128{}) || scale < least {
		if scale >= least && units.digits() >= quotientDigits {
			break
		}
		var digit uint128
		// As many digits at once as surely fit.
		step := 1
		if other.units.hi == 0 {
			step = min(18, max(1, quotientDigits-units.digits()))
		}
		if scale < least {
			step = min(step, least-scale)
		}
		if units == (uint256{}) && scale >= ScaleMax {
			break
		}
		digit, rest = divide(wide(rest).times10(step), other.units)
		units = units.times10(step).plus(wide(digit))
		scale += step
	}
	if rest != (uint128{}) {
		twice := wide(rest).plus(wide(rest))
		switch divisor := wide(other.units); {
		case divisor.less(twice), twice == divisor && units[0]&1 == 1:
			units = units.plus(uint256{1})
		}
		return fit(units, scale, negative)
	}
	// Exact: without the zeros that came of doing many digits at once.
	for scale > least {
		shorter, last := units.over(10)
		if last != 0 {
			break
		}
		units, scale = shorter, scale-1
	}
	return fit(units, scale, negative)
}

// Round rounds half away from zero, as tax offices and WooCommerce do, to exactly so many places.
func (d Decimal) Round(places int) Decimal { return d.RoundTo(places, HalfUp) }

// RoundTo rounds in a way of rounding to exactly so many places.
func (d Decimal) RoundTo(places int, how Rounding) Decimal {
	if places < 0 || places > ScaleMax {
		panic("decimal: places are from 0 to 34")
	}
	scale := int(d.scale)
	if places >= scale {
		units, ok := wide(d.units).times10(places - scale).narrow()
		if !ok {
			panic("decimal: " + d.String() + " does not fit with so many places")
		}
		return Decimal{units, uint8(places), d.negative}
	}
	units, rest, unit := wide(d.units).split(scale - places)
	if how.away(rest.plus(rest), unit, units[0]&1 == 1) {
		units = units.plus(uint256{1})
	}
	narrow, _ := units.narrow()
	return Decimal{narrow, uint8(places), d.negative && narrow != uint128{}}
}

// Normalize is the same number without zeros at the end of its places: 18.00 becomes 18.
func (d Decimal) Normalize() Decimal {
	units := wide(d.units)
	for d.scale > 0 {
		shorter, last := units.over(10)
		if last != 0 {
			break
		}
		units = shorter
		d.scale--
	}
	d.units, _ = units.narrow()
	return d
}

// fit makes a decimal of a result: places that do not fit are rounded half to even.
func fit(units uint256, scale int, negative bool) Decimal {
	if narrow, ok := units.narrow(); ok && scale <= ScaleMax {
		return Decimal{narrow, uint8(scale), negative && narrow != uint128{}}
	}
	drop := max(units.digits()-DigitsMax, scale-ScaleMax)
	if drop > scale {
		panic("decimal: the result has more than 34 digits")
	}
	shorter, rest, unit := units.split(drop)
	switch twice := rest.plus(rest); {
	case unit.less(twice), twice == unit && shorter[0]&1 == 1:
		shorter = shorter.plus(uint256{1})
	}
	return fit(shorter, scale-drop, negative)
}
