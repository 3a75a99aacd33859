package money

import "math/bits"

// Whole numbers of 128 and 256 bits, as far as decimals need them. math/big would do and would cost
// an allocation for each amount and 60 KB of the component.

type uint128 struct{ hi, lo uint64 }

// uint256 has its least significant word first.
type uint256 [4]uint64

// limit is the first number with 35 digits.
var limit = wide(uint128{0, 1}).times10(DigitsMax)

// powers are those of ten that fit into 64 bits.
var powers = [...]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

func wide(n uint128) uint256 { return uint256{n.lo, n.hi} }

// narrow gives the number where it has at most 34 digits.
func (n uint256) narrow() (uint128, bool) {
	return uint128{n[1], n[0]}, n[2]|n[3] == 0 && (n[1] == 0 || n.less(limit))
}

func (n uint256) less(other uint256) bool {
	for i := 3; i >= 0; i-- {
		if n[i] != other[i] {
			return n[i] < other[i]
		}
	}
	return false
}

func (n uint256) plus(other uint256) uint256 {
	var carry uint64
	for i := range n {
		n[i], carry = bits.Add64(n[i], other[i], carry)
	}
	return n
}

func (n uint256) minus(other uint256) uint256 {
	var borrow uint64
	for i := range n {
		n[i], borrow = bits.Sub64(n[i], other[i], borrow)
	}
	return n
}

// times10 multiplies by a power of ten. 34 digits by 34 more are 68, which fit.
func (n uint256) times10(power int) uint256 {
	for power > 0 {
		step := min(power, 19)
		var carry uint64
		for i := range n {
			hi, lo := bits.Mul64(n[i], powers[step])
			var c uint64
			n[i], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
		power -= step
	}
	return n
}

// over divides by a small number.
func (n uint256) over(by uint64) (uint256, uint64) {
	var rest uint64
	for i := 3; i >= 0; i-- {
		n[i], rest = bits.Div64(rest, n[i], by)
	}
	return n, rest
}

// split cuts off so many digits: what is before them, they themselves, and their unit.
func (n uint256) split(digits int) (head, rest, unit uint256) {
	unit = uint256{1}.times10(digits)
	head = n
	for left := digits; left > 0; {
		step := min(left, 19)
		head, _ = head.over(powers[step])
		left -= step
	}
	return head, n.minus(head.times10(digits)), unit
}

// digits is how many digits the number is written with; none for 0.
func (n uint256) digits() int {
	count := 0
	for n[1]|n[2]|n[3] != 0 {
		n, _ = n.over(powers[19])
		count += 19
	}
	for _, power := range powers {
		if n[0] < power {
			break
		}
		count++
	}
	return count
}

func product(a, b uint128) uint256 {
	var p uint256
	p[1], p[0] = bits.Mul64(a.lo, b.lo)
	if a.hi|b.hi == 0 {
		return p
	}
	hi, lo := bits.Mul64(a.hi, b.lo)
	p = p.plus(uint256{0, lo, hi})
	hi, lo = bits.Mul64(a.lo, b.hi)
	p = p.plus(uint256{0, lo, hi})
	hi, lo = bits.Mul64(a.hi, b.hi)
	return p.plus(uint256{0, 0, lo, hi})
}

// divide divides where the quotient fits into 128 bits.
func divide(n uint256, by uint128) (quotient, rest uint128) {
	if by.hi == 0 {
		q, r := n.over(by.lo)
		return uint128{q[1], q[0]}, uint128{0, r}
	}
	// Bit by bit: divisors beyond 19 digits are as good as never there.
	var q, r uint256
	divisor := wide(by)
	for i := 255; i >= 0; i-- {
		r = r.plus(r)
		r[0] |= n[i/64] >> (i % 64) & 1
		q = q.plus(q)
		if !r.less(divisor) {
			r = r.minus(divisor)
			q[0] |= 1
		}
	}
	return uint128{q[1], q[0]}, uint128{r[1], r[0]}
}
