package money

import "errors"

// DecimalsOf is how many decimals a currency has (ISO 4217).
func DecimalsOf(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX",
		"UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// Money is an amount with its currency, in JSON `{"amount": "254.56", "currency": "BRL"}`.
type Money struct {
	Amount Decimal `json:"amount"`
	// Currency is of ISO 4217, upper case.
	Currency string `json:"currency"`
}

// Rounded is the amount at the decimals of its currency.
func (m Money) Rounded() Money {
	return Money{m.Amount.Round(DecimalsOf(m.Currency)), m.Currency}
}

// ErrCurrencies is what adding amounts of two currencies gives.
var ErrCurrencies = errors.New("amounts of two currencies do not add up")

// Plus is the sum, where both are of one currency.
func (m Money) Plus(other Money) (Money, error) {
	if m.Currency != other.Currency {
		return Money{}, ErrCurrencies
	}
	return Money{m.Amount.Add(other.Amount), m.Currency}, nil
}

func (m Money) String() string { return m.Amount.String() + " " + m.Currency }
