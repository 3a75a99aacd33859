// Package guest is for writing Mapwright plugins in Go: implement an interface, register it.
//
// A plugin holds the rules of one merchant. It is a pure function: from a payload, the route's
// settings and the merchant's lookup tables it makes documents for the target, and it can do
// nothing else: no network, no files, no clock. That is why a dry run tells the truth.
//
// # A whole plugin
//
//	package main
//
//	//go:embed plugin.toml
//	var pluginTOML string // name, version, summary and world
//
//	func init() {
//		guest.Register(invoices{}, guest.Manifest{Plugin: pluginTOML, Entities: []string{"invoice"}})
//	}
//
//	func main() {} // never runs: the host calls what was registered
//
//	type invoices struct{}
//
//	type invoice struct {
//		Number   string          `json:"number"`
//		Total    money.Decimal   `json:"total"` // becomes "254.56": money is text, never a float
//		Customer guest.Reference `json:"customer"`
//	}
//
//	func (invoices) Transform(ctx *guest.Context, input *guest.Input) (*guest.Mapping, error) {
//		order, deleted, err := woocommerce.ReadOrder(input)
//		if err != nil {
//			return nil, err
//		}
//		if deleted.IsSet() {
//			return guest.Skip("a deleted order keeps its invoice"), nil
//		}
//		var faults guest.Violations
//		for i, item := range order.LineItems {
//			if item.SKU == "" {
//				faults.At("line_items").Index(i).Field("sku").Add("sku_missing", "no SKU")
//			}
//		}
//		if err := faults.Err(); err != nil {
//			return nil, err // tells of all faults at once
//		}
//		body := invoice{order.Number, order.Total, guest.Ref("party", order.CustomerID.String())}
//		return guest.Deliver(guest.Upsert("invoice", ctx.ResourceKey).Body(body)), nil
//	}
//
// # What there is
//
//   - The interfaces [FieldMapper], [Pricer] and [StatusTranslator]; implement one or more and name
//     the world that fits them in plugin.toml. The component exports those and no more.
//   - [Context]: who, where, when, and [Context.Settings] as a struct of your own.
//   - Package woocommerce: orders, products and customers as shops really send them.
//   - Package money: decimals, which no float turns into.
//   - [Violations]: faults placed by JSON Pointer; [NotReady] says "try again later".
//   - [Document] and [Ref]: what is to be delivered, and ids the target has not given yet.
//   - Packages lookup and log; brazil for CPF and CNPJ; guesttest for tests natively.
//
// # Faults
//
// Bad input is an error of this package ([Reject], [Violations], [NotReady]), wrapped or not. Any
// other error that is returned, and any panic, ends the call as a trap; its text and the place in
// your code go to the log and to whoever looks at the event.
//
// # Speed
//
// An instance lives for one call, so the collector only runs when memory gets short. Package-level
// variables and init functions cost nothing per call: `mapwright build` runs them once and keeps
// what memory looked like then. Bodies are cheapest as structs; fmt and encoding/json work, and
// cost time and size where they are used.
package guest
