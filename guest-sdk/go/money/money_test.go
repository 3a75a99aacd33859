package money

import (
	"encoding/json"
	"math/big"
	"math/rand"
	"testing"
)

func TestADecimalKeepsEveryDigitOfItsText(t *testing.T) {
	for _, text := range []string{
		"254.56", "33.333333333333336", "-0.77", "0.10", "1500.00", "0", "0.0000001",
		"12345678901234567890.123456789", "9999999999999999999999999999999999",
	} {
		if got := MustParse(text).String(); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	for text, want := range map[string]string{
		" 1.5E+3 ": "1500", "1E-7": "0.0000001", "1.50e2": "150", "-0.00": "0.00", "+5": "5", ".5": "0.5", "5.": "5",
	} {
		if got := MustParse(text).String(); got != want {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, text := range []string{
		"", "abc", "1,5", "0x10", "NaN", "Infinity", "1.2345678901235E+99", "1e", "--1", "1.2.3", ".", "1_000",
		"99999999999999999999999999999999999",
	} {
		if d, err := Parse(text); err == nil {
			t.Errorf("%q was read as %s", text, d)
		}
	}
}

func TestRoundingIsHalfAwayFromZeroAtExactlyThePlacesAsked(t *testing.T) {
	for _, c := range []struct {
		amount string
		places int
		want   string
	}{
		{"2.345", 2, "2.35"}, {"-2.345", 2, "-2.35"}, {"2", 2, "2.00"}, {"0.00005", 4, "0.0001"},
		{"2.5", 0, "3"}, {"-0.004", 2, "0.00"}, {"1234567890123456789012.345", 2, "1234567890123456789012.35"},
	} {
		if got := MustParse(c.amount).Round(c.places).String(); got != c.want {
			t.Errorf("%s at %d places: %s, not %s", c.amount, c.places, got, c.want)
		}
	}
}

func TestAHalfGoesToTheEvenDigitOrIsDroppedWhereThatIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		amount     string
		places     int
		even, down string
	}{
		{"2.345", 2, "2.34", "2.34"}, {"2.335", 2, "2.34", "2.33"}, {"-2.335", 2, "-2.34", "-2.33"},
		{"2.3451", 2, "2.35", "2.34"}, {"2.5", 0, "2", "2"}, {"-3.5", 0, "-4", "-3"}, {"-0.005", 2, "0.00", "0.00"},
		{"69.9", 2, "69.90", "69.90"}, {"0.999", 2, "1.00", "0.99"},
		{"12345678901234567890.125", 2, "12345678901234567890.12", "12345678901234567890.12"},
	} {
		d := MustParse(c.amount)
		if even, down := d.RoundTo(c.places, HalfEven).String(), d.RoundTo(c.places, Down).String(); even != c.even || down != c.down {
			t.Errorf("%s at %d places: %s and %s, not %s and %s", c.amount, c.places, even, down, c.even, c.down)
		}
	}
}

func TestAWayOfRoundingIsReadByItsName(t *testing.T) {
	read := struct{ A, B, C Rounding }{C: Down}
	if err := json.Unmarshal([]byte(`{"A": "half_even", "B": "down"}`), &read); err != nil || read.A != HalfEven || read.B != Down || read.C != Down {
		t.Error(read, err)
	}
	if json.Unmarshal([]byte(`{"A": "up"}`), &read) == nil || json.Unmarshal([]byte(`{"A": 1}`), &read) == nil {
		t.Error("a way of rounding that there is not was read")
	}
}

func TestDivisionGives28Digits(t *testing.T) {
	for _, c := range [][3]string{
		{"100", "3", "33.33333333333333333333333333"},
		{"2", "3", "0.6666666666666666666666666667"},
		{"10.00", "4", "2.50"},
		{"1", "8", "0.125"},
		{"0.00", "7", "0.00"},
		{"-1", "3", "-0.3333333333333333333333333333"},
		{"1", "3000000", "0.0000003333333333333333333333333333"},
		{"600", "0.5", "1200"},
		{"1", "12345678901234567890123", "0.0000000000000000000000810000007290"},
	} {
		if got := MustParse(c[0]).Div(MustParse(c[1])).String(); got != c[2] {
			t.Errorf("%s / %s: %s, not %s", c[0], c[1], got, c[2])
		}
	}
}

func TestWhatDoesNotFitPanics(t *testing.T) {
	huge := MustParse("9999999999999999999999999999999999")
	for name, work := range map[string]func(){
		"sum":      func() { huge.Add(FromInt(1)) },
		"product":  func() { huge.Mul(FromInt(10)) },
		"quotient": func() { huge.Div(New(1, 20)) },
		"places":   func() { huge.Round(2) },
		"zero":     func() { huge.Div(Decimal{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("the %s did not panic", name)
				}
			}()
			work()
		}()
	}
	// Places that do not fit are rounded, the amount stays right.
	if got := MustParse("1000000000000000000000000000000000").Add(MustParse("0.4")).String(); got != "1000000000000000000000000000000000" {
		t.Error(got)
	}
}

// The same sums by rational numbers of any size.
func TestArithmeticAgreesWithRationals(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	rational := func(d Decimal) *big.Rat {
		r, _ := new(big.Rat).SetString(d.String())
		return r
	}
	draw := func() Decimal { return New(random.Int63n(2e15)-1e15, random.Intn(9)) }
	for range 20_000 {
		a, b := draw(), draw()
		x, y := rational(a), rational(b)
		check := func(what string, got Decimal, want *big.Rat) {
			if rational(got).Cmp(want) != 0 {
				t.Fatalf("%s %s %s: %s, not %s", a, what, b, got, want.FloatString(20))
			}
		}
		check("+", a.Add(b), new(big.Rat).Add(x, y))
		check("-", a.Sub(b), new(big.Rat).Sub(x, y))
		check("*", a.Mul(b), new(big.Rat).Mul(x, y))
		if a.Cmp(b) != x.Cmp(y) {
			t.Fatalf("%s cmp %s", a, b)
		}
		if !b.IsZero() {
			off := new(big.Rat).Sub(rational(a.Div(b)), new(big.Rat).Quo(x, y))
			if off.Abs(off).Cmp(big.NewRat(1, 1_000_000_000_000)) > 0 {
				t.Fatalf("%s / %s: %s", a, b, a.Div(b))
			}
		}
	}
}

func TestJSONIsText(t *testing.T) {
	text, err := json.Marshal(map[string]any{"m": Money{New(1000, 2), "BRL"}, "n": Number(New(1050, 2))})
	if err != nil || string(text) != `{"m":{"amount":"10.00","currency":"BRL"},"n":10.50}` {
		t.Error(string(text), err)
	}
	var read struct{ A, B, C Decimal }
	err = json.Unmarshal([]byte(`{"A": 33.333333333333336, "B": "0.10", "C": null}`), &read)
	if err != nil || read.A.String() != "33.333333333333336" || read.B.String() != "0.10" {
		t.Error(read, err)
	}
	if json.Unmarshal([]byte(`{"A": true}`), &read) == nil {
		t.Error("a boolean was read as a decimal")
	}
}

func TestMoneyOfTwoCurrenciesDoesNotAddUp(t *testing.T) {
	brl, eur := Money{New(100, 2), "BRL"}, Money{New(100, 2), "EUR"}
	if _, err := brl.Plus(eur); err == nil {
		t.Error("BRL and EUR were added")
	}
	if sum, err := brl.Plus(brl); err != nil || sum.String() != "2.00 BRL" {
		t.Error(sum, err)
	}
	if got := (Money{MustParse("10.005"), "JPY"}).Rounded().String(); got != "10 JPY" {
		t.Error(got)
	}
}
