// WooCommerce orders become parties, addresses and sales of Tryton 8.
//
// The order's total is the truth: what Tryton will compute from the lines and taxes is computed here
// first, cents of difference become a rounding line, more than cents a rejection.
package main

import (
	_ "embed"
	"strconv"

	"mapwright.dev/guest"
	"mapwright.dev/guest/log"
	"mapwright.dev/guest/woocommerce"
)

//go:embed plugin.toml
var pluginTOML string

//go:embed settings.schema.json
var settingsSchema string

func init() {
	guest.Register(orderToTryton{}, guest.Manifest{
		Plugin:         pluginTOML,
		SettingsSchema: settingsSchema,
		Topics:         []string{"order.created", "order.updated", "order.deleted"},
		Entities:       []string{"party", "address", "sale"},
	})
}

func main() {} // never runs: the host calls what is registered

// orderToTryton has the rules; it maps fields and translates statuses.
type orderToTryton struct{}

// settings are what a route may set; settings.schema.json says what each is for.
type settings struct {
	ShopName        string `json:"shop_name"`
	Prefix          string `json:"prefix"`
	ShippingProduct string `json:"shipping_product"`
	FallbackProduct string `json:"fallback_product"`
	Unit            string `json:"unit"`
	PaymentTerm     string `json:"payment_term"`
	Warehouse       string `json:"warehouse"`
	AcceptPending   bool   `json:"accept_pending"`
	Subdivisions    bool   `json:"subdivisions"`
	PriceDigits     int    `json:"price_digits"`
}

func defaults() settings {
	return settings{
		ShopName:        "WooCommerce",
		Prefix:          "WC-",
		ShippingProduct: "FRETE",
		Unit:            "Unit",
		Subdivisions:    true,
		PriceDigits:     4,
	}
}

// seen is what is remembered of an order that was delivered.
type seen struct {
	Status string `json:"status"`
}

// Translate gives the state of a sale for the status of an order.
func (orderToTryton) Translate(_ *guest.Context, source *guest.SourceStatus) (string, error) {
	return stateOf(source.Status)
}

// Transform makes party, addresses and sale of an order.
func (orderToTryton) Transform(ctx *guest.Context, input *guest.Input) (*guest.Mapping, error) {
	set := defaults()
	if err := ctx.Settings(&set); err != nil {
		return nil, err
	}
	order, deleted, err := woocommerce.ReadOrder(input)
	if err != nil {
		return nil, err
	}
	if deleted.IsSet() {
		return guest.Deliver(guest.Cancel("sale", set.Prefix+deleted.String())), nil
	}
	name := "order " + order.ID.String()
	if order.IsDraft() {
		return guest.Skip(name + " is a draft: nobody placed it"), nil
	}
	if order.Status == "pending" && !set.AcceptPending {
		return guest.Skip(name + " waits for its payment"), nil
	}
	state, err := wantedState(order, input)
	if err != nil {
		return nil, err
	}
	before, err := ctx.Checkpoint(&seen{})
	if err != nil {
		return nil, err
	}
	if state == "cancelled" && !before {
		return guest.Skip(name + " is " + order.Status + " and was never sent"), nil
	}
	documents, err := documents(order, input, state, &set)
	if err != nil {
		return nil, err
	}
	if n := len(order.Refunds); n > 0 {
		log.Warning(name + " has " + strconv.Itoa(n) + " refunds; credit notes are made in Tryton")
	}
	return guest.Deliver(documents...).Remember(seen{order.Status}), nil
}

// wantedState is what the route's status translation said, where there is one, else our own.
func wantedState(order *woocommerce.Order, input *guest.Input) (string, error) {
	if input.Status != nil {
		return *input.Status, nil
	}
	return stateOf(order.Status)
}

// documents are party, addresses (one when both are the same) and sale, in the order they need each
// other.
func documents(
	order *woocommerce.Order, input *guest.Input, state string, set *settings,
) ([]*guest.Document, error) {
	var faults guest.Violations
	buyer := buyerOf(order, set, &faults)
	billing := buyer.address(&order.Billing, set)
	shipping := buyer.address(order.DeliveryAddress(), set)
	sale := sale{
		State:           state,
		Party:           guest.Ref("party", buyer.key),
		InvoiceAddress:  guest.Ref("address", billing.key),
		ShipmentAddress: guest.Ref("address", shipping.key),
	}
	if err := sale.fill(order, input, set, &faults); err != nil {
		return nil, err
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	made := []*guest.Document{
		guest.Upsert("party", buyer.key).Body(buyer.party),
		guest.Upsert("address", billing.key).Body(billing.address),
	}
	if shipping.key != billing.key {
		made = append(made, guest.Upsert("address", shipping.key).Body(shipping.address))
	}
	return append(made, guest.Upsert("sale", set.Prefix+order.ID.String()).Body(sale)), nil
}
