package main

import (
	"hash/fnv"
	"strconv"
	"strings"

	"mapwright.dev/guest"
	"mapwright.dev/guest/brazil"
	"mapwright.dev/guest/woocommerce"
)

// buyer is a party and the key it is known by for ever.
type buyer struct {
	key   string
	party party
}

type party struct {
	Name              string  `json:"name"`
	Identifiers       []coded `json:"identifiers,omitempty"`
	ContactMechanisms []value `json:"contact_mechanisms,omitempty"`
}

type coded struct {
	Type string `json:"type"`
	Code string `json:"code"`
}

type value struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// buyerOf finds the buyer: an account by its id; a guest by tax number, else e-mail, else the order
// itself, so that a guest who comes back is the same party and two guests never become one.
func buyerOf(order *woocommerce.Order, set *settings, faults *guest.Violations) buyer {
	billing := &order.Billing
	taxID := brazil.OfOrder(order, faults.At("billing"))
	email := strings.ToLower(strings.TrimSpace(billing.Email))
	var key string
	switch {
	case !order.IsGuest():
		key = order.CustomerID.String()
	case taxID != nil:
		key = taxID.Plain
	case email != "":
		key = email
	default:
		key = "ORDER-" + order.ID.String()
	}
	found := buyer{key: set.Prefix + key, party: party{Name: billing.FullName()}}
	if company := strings.TrimSpace(billing.Company); company != "" && taxID != nil && taxID.Kind == brazil.CNPJ {
		found.party.Name = company
	}
	if found.party.Name == "" {
		faults.At("billing").Add("name_missing", "the order does not say who buys")
	}
	if billing.IsEmpty() {
		faults.At("billing").Add("address_missing", "the order has no billing address")
	}
	if taxID != nil {
		found.party.Identifiers = []coded{identifier(taxID)}
	}
	if email != "" {
		found.party.ContactMechanisms = append(found.party.ContactMechanisms, value{"email", email})
	}
	if phone, ok := phoneOf(billing); ok {
		found.party.ContactMechanisms = append(found.party.ContactMechanisms, phone)
	}
	return found
}

// identifier is a tax number as Tryton checks it, kept as it is typed. Tryton names a country's tax
// number by the country, not as people there do: a CNPJ is a br_vat.
func identifier(id *brazil.TaxID) coded {
	if id.Kind == brazil.CPF {
		return coded{"br_cpf", id.String()}
	}
	return coded{"br_vat", id.String()}
}

// phoneOf is a telephone with its country code, as Tryton wants one; anything else is kept as
// "other".
func phoneOf(billing *woocommerce.Address) (value, bool) {
	text := billing.PluginField("cellphone")
	if text == "" {
		text = billing.Phone
	}
	text = strings.TrimSpace(text)
	var digits strings.Builder
	for _, c := range text {
		if '0' <= c && c <= '9' {
			digits.WriteRune(c)
		}
	}
	switch {
	case text == "":
		return value{}, false
	case strings.HasPrefix(text, "+"):
		return value{"phone", "+" + digits.String()}, true
	case billing.Country == "BR" && (digits.Len() == 10 || digits.Len() == 11):
		return value{"phone", "+55" + digits.String()}, true
	}
	return value{"other", text}, true
}

// keyedAddress is an address and its key: other words make another address, since old orders keep
// theirs.
type keyedAddress struct {
	key     string
	address address
}

type address struct {
	Party       guest.Reference `json:"party"`
	PartyName   string          `json:"party_name,omitempty"`
	Street      string          `json:"street"`
	PostalCode  string          `json:"postal_code"`
	City        string          `json:"city"`
	Country     guest.Reference `json:"country,omitzero"`
	Subdivision guest.Reference `json:"subdivision,omitzero"`
}

// address is one of the buyer's addresses.
func (b *buyer) address(from *woocommerce.Address, set *settings) keyedAddress {
	made := address{
		Party:      guest.Ref("party", b.key),
		Street:     street(from),
		PostalCode: strings.TrimSpace(from.Postcode),
		City:       strings.TrimSpace(from.City),
	}
	if recipient := from.FullName(); recipient != b.party.Name {
		made.PartyName = recipient
	}
	if from.Country != "" {
		made.Country = guest.Ref("country", from.Country)
	}
	if code := from.Subdivision(); code != "" && set.Subdivisions {
		made.Subdivision = guest.Ref("subdivision", code)
	}
	words := []string{made.PartyName, made.Street, made.PostalCode, made.City, from.State, from.Country}
	return keyedAddress{b.key + "/" + fingerprint(words), made}
}

// street is street and number, then flat and neighbourhood on lines of their own.
func street(from *woocommerce.Address) string {
	text := strings.TrimSpace(from.Address1)
	if number := from.PluginField("number"); number != "" {
		text += ", " + strings.TrimSpace(number)
	}
	for _, more := range []string{from.Address2, from.PluginField("neighborhood")} {
		if more = strings.TrimSpace(more); more != "" {
			text += "\n" + more
		}
	}
	return text
}

// fingerprint is FNV-1a: short, and the same for ever.
func fingerprint(words []string) string {
	hash := fnv.New64a()
	hash.Write([]byte(strings.Join(words, "\x1f")))
	hex := strconv.FormatUint(hash.Sum64(), 16)
	return strings.Repeat("0", 16-len(hex)) + hex
}
