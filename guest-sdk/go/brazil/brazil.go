// Package brazil knows CPF and CNPJ, the tax numbers of people and companies in Brazil.
//
// WooCommerce has them from a plug-in, in billing.cpf and billing.cnpj (digits only) and in the meta
// entries _billing_cpf and _billing_cnpj (punctuated). Their check digits are tested here, because
// every ERP refuses wrong ones later and less clearly.
package brazil

import (
	"strings"

	"mapwright.dev/guest"
	"mapwright.dev/guest/woocommerce"
)

// A Kind is one of the two.
type Kind uint8

const (
	// CPF is a person's, 11 digits.
	CPF Kind = iota
	// CNPJ is a company's, 14 characters; since 2026 the first twelve may be letters.
	CNPJ
)

func (k Kind) String() string { return [...]string{"CPF", "CNPJ"}[k] }

func (k Kind) length() int { return [...]int{11, 14}[k] }

// A TaxID is a tax number with valid check digits.
type TaxID struct {
	Kind Kind
	// Plain is the number without punctuation: 52998224725.
	Plain string
}

// Parse reads a tax number, punctuated or not.
func Parse(kind Kind, text string) (TaxID, bool) {
	plain := make([]byte, 0, 14)
	for _, c := range []byte(strings.ToUpper(text)) {
		switch {
		case c == '.' || c == '-' || c == '/' || c == ' ':
			continue
		case '0' <= c && c <= '9':
		case 'A' <= c && c <= 'Z' && kind == CNPJ && len(plain) < 12:
		default:
			return TaxID{}, false
		}
		if len(plain) == kind.length() {
			return TaxID{}, false
		}
		plain = append(plain, c)
	}
	if len(plain) != kind.length() || !checks(kind, plain) {
		return TaxID{}, false
	}
	return TaxID{kind, string(plain)}, true
}

// OfOrder is the buyer's number, company before person; nil where the order has none. A wrong one
// is reported at billing, the place of the billing address.
func OfOrder(order *woocommerce.Order, billing guest.Place) *TaxID {
	for _, place := range [...]struct {
		kind        Kind
		field, meta string
	}{{CNPJ, "cnpj", "_billing_cnpj"}, {CPF, "cpf", "_billing_cpf"}} {
		text := order.Billing.PluginField(place.field)
		if text == "" {
			text = order.Meta(place.meta)
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		id, ok := Parse(place.kind, text)
		if !ok {
			billing.Field(place.field).Add(place.field+"_invalid",
				"`"+text+"` is no valid "+place.kind.String()+": look at its check digits")
			return nil
		}
		return &id
	}
	return nil
}

// String is the number with punctuation: 529.982.247-25, 11.222.333/0001-81.
func (id TaxID) String() string {
	shape := [...]string{"###.###.###-##", "##.###.###/####-##"}[id.Kind]
	out := make([]byte, 0, len(shape))
	next := 0
	for _, mark := range []byte(shape) {
		if mark == '#' {
			mark = id.Plain[next]
			next++
		}
		out = append(out, mark)
	}
	return string(out)
}

// checks is whether the last two digits are the check digits of what is before them, modulus 11.
// Letters count as their ASCII code less 48, as digits do.
func checks(kind Kind, plain []byte) bool {
	weightMax := [...]int{11, 9}[kind]
	digit := func(of []byte) byte {
		sum, weight := 0, 2
		for i := len(of) - 1; i >= 0; i-- {
			sum += int(of[i]-'0') * weight
			if weight++; weight > weightMax {
				weight = 2
			}
		}
		return byte(sum*10%11%10) + '0'
	}
	repeated := true
	for _, c := range plain {
		repeated = repeated && c == plain[0]
	}
	body := len(plain) - 2
	return !repeated && plain[body] == digit(plain[:body]) && plain[body+1] == digit(plain[:body+1])
}
