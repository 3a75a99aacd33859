package woocommerce

import "strings"

// FullName is first and last name; the company where there is neither.
func (a *Address) FullName() string {
	name := strings.TrimSpace(strings.TrimSpace(a.FirstName) + " " + strings.TrimSpace(a.LastName))
	if name == "" {
		return strings.TrimSpace(a.Company)
	}
	return name
}

// IsEmpty is whether it says nothing: WooCommerce sends all fields empty for "none".
func (a *Address) IsEmpty() bool {
	return strings.TrimSpace(a.Address1) == "" && strings.TrimSpace(a.City) == "" &&
		strings.TrimSpace(a.Postcode) == ""
}

// PluginField is a field that a plug-in added (`number`, `neighborhood`); "" where there is none.
func (a *Address) PluginField(name string) string { return a.Extra.Text(name) }

// Subdivision is the ISO 3166-2 code of the state (`BR-SP`); "" where there is none.
func (a *Address) Subdivision() string {
	state := strings.TrimSpace(a.State)
	if len(state) < 1 || len(state) > 3 || len(a.Country) != 2 {
		return ""
	}
	for _, c := range []byte(state) {
		if letter := 'a' <= c|0x20 && c|0x20 <= 'z'; !letter && (c < '0' || c > '9') {
			return ""
		}
	}
	return a.Country + "-" + state
}
