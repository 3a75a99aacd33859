package woocommerce

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mapwright.dev/guest"
)

// The payloads are in the repository only; a project's copy of the SDK has none, and skips.
const fixtures = "../../../tests/fixtures/woocommerce"

// Every payload that was captured reads, and its amounts say what the text says.
func TestEveryCapturedPayloadReads(t *testing.T) {
	files, _ := filepath.Glob(fixtures + "/*/*.json")
	if len(files) == 0 {
		t.Skip("there are no captured payloads here")
	}
	counts := map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var whole any
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		if decoder.Decode(&whole) != nil {
			continue // registrations are no JSON
		}
		each(whole, func(object map[string]any) {
			payload, _ := json.Marshal(object)
			kind := check(t, filepath.Base(file), string(payload), object)
			counts[kind]++
		})
	}
	if counts["order"] < 20 || counts["product"] < 5 || counts["customer"] < 1 {
		t.Errorf("too few payloads: %v", counts)
	}
	t.Log(counts)
}

// each calls with a resource, or with those of a list.
func each(whole any, with func(map[string]any)) {
	switch whole := whole.(type) {
	case map[string]any:
		with(whole)
	case []any:
		for _, item := range whole {
			each(item, with)
		}
	}
}

func check(t *testing.T, name, payload string, object map[string]any) string {
	t.Helper()
	input := &guest.Input{Payload: payload}
	has := func(key string) bool { _, has := object[key]; return has }
	same := func(field, got string) {
		want := ""
		switch value := object[field].(type) {
		case string:
			want = value
		case json.Number:
			want = value.String()
		}
		if want == "" {
			want = "0"
		}
		if got != want {
			t.Errorf("%s: %s is %q, the text says %q", name, field, got, want)
		}
	}
	switch {
	case has("line_items") && has("currency") && has("status"):
		order, deleted, err := ReadOrder(input)
		if err != nil || deleted != "" {
			t.Errorf("%s: %v %v", name, deleted, err)
			return "order"
		}
		same("total", order.Total.String())
		same("total_tax", order.TotalTax.String())
		same("discount_total", order.DiscountTotal.String())
		same("id", order.ID.String())
		lines, _ := object["line_items"].([]any)
		if len(lines) != len(order.LineItems) {
			t.Errorf("%s: %d lines, not %d", name, len(order.LineItems), len(lines))
		}
		for i, item := range lines {
			item := item.(map[string]any)
			if got := order.LineItems[i].Total.String(); got != item["total"] {
				t.Errorf("%s: line %d: %s, not %v", name, i, got, item["total"])
			}
		}
		return "order"
	case has("regular_price"):
		product, _, err := ReadProduct(input)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return "product"
		}
		same("price", product.Price.String())
		same("id", product.ID.String())
		return "product"
	case has("username") && has("billing"):
		customer, _, err := ReadCustomer(input)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return "customer"
		}
		same("id", customer.ID.String())
		return "customer"
	case has("refunded_by"):
		refund, _, err := ReadRefund(input)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return "refund"
		}
		same("amount", refund.Amount.String())
		return "refund"
	case len(object) == 1 && has("id"):
		_, deleted, err := ReadOrder(input)
		if err != nil || !deleted.IsSet() {
			t.Errorf("%s: %v %v", name, deleted, err)
		}
		return "deleted"
	case has("code") && has("message") && !has("id"):
		if _, _, err := ReadOrder(input); err == nil || !strings.Contains(err.Error(), "source_error at `/code`") {
			t.Errorf("%s: %v", name, err)
		}
		return "error"
	}
	return "other"
}

const head = `"status": "processing", "currency": "BRL", "total": "1.00"`

func read(t *testing.T, fields string) *Order {
	t.Helper()
	order, _, err := ReadOrder(&guest.Input{Payload: "{" + head + fields + "}"})
	if err != nil {
		t.Fatal(fields, err)
	}
	return order
}

func TestOddThingsAreReadAsTheyAreMeant(t *testing.T) {
	order := read(t, `, "id": 123456789012345678901234567890, "number": 27, "created_via": true, "customer_note": [],
		"customer_id": false, "prices_include_tax": "yes", "discount_total": 1E-7, "cart_tax": "", "shipping_tax": null,
		"billing": [], "shipping": "", "line_items": {"3": {"quantity": 2, "sku": null}, "7": {"meta_data": [{"id": 1, "value": [1.10]}]}},
		"tax_lines": null, "fee_lines": "", "x_plugin": {"a": 1.10}, "total": "2.00"`)
	for what, ok := range map[string]bool{
		"id":          order.ID == "123456789012345678901234567890",
		"number":      order.Number == "27",
		"text":        order.CreatedVia == "true" && order.CustomerNote == "",
		"guest":       order.IsGuest(),
		"bool":        order.PricesIncludeTax,
		"exponent":    order.DiscountTotal.String() == "0.0000001",
		"zero":        order.CartTax.IsZero() && order.ShippingTax.IsZero(),
		"gaps":        len(order.LineItems) == 2 && order.LineItems[0].Quantity.String() == "2",
		"json":        order.LineItems[1].MetaData[0].Value == `[1.10]`,
		"extra":       order.Extra.Get("x_plugin") == `{"a": 1.10}`,
		"last counts": order.Total.String() == "2.00",
	} {
		if !ok {
			t.Error(what)
		}
	}
}

func TestWhatIsWrongIsPlaced(t *testing.T) {
	for payload, want := range map[string]string{
		`{` + head + `, "line_items": [{}, {"quantity": true}]}`:            "payload_malformed at `/line_items/1/quantity`: `true` is not",
		`{` + head + `, "line_items": {"a/b": {"meta_data": [{"id":[]}]}}}`: "payload_malformed at `/line_items/a~1b/meta_data/0/id`",
		`{` + head + `, "billing": [1]}`:                                    "payload_malformed at `/billing`: a list stands",
		`{` + head + `, "billing": {"city": {}}}`:                           "payload_malformed at `/billing/city`: an object stands",
		`{` + head + `, "prices_include_tax": "maybe"}`:                     "payload_malformed at `/prices_include_tax`",
		`{` + head + `, "line_items": 1}`:                                   "payload_malformed at `/line_items`",
		`{"id": 1, "status": "x", "currency": "BRL"}`:                       "payload_malformed at `/total`: the field is missing",
		`{"id": 1, "total": "NaN", "status": "x", "currency": "BRL"}`:       "payload_malformed at `/total`: `NaN` is not a decimal",
		`{"id": 1, "total": NaN}`:                                           "payload_not_json at ``",
		`{"id": 1`:                                                          "payload_not_json at ``",
		`{` + head + `} x`:                                                  "payload_not_json at ``",
		`{"code": "rest_forbidden", "message": "no", "data": {}}`:           "source_error at `/code`",
	} {
		_, _, err := ReadOrder(&guest.Input{Payload: payload})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", payload, err)
		}
	}
	order, deleted, err := ReadOrder(&guest.Input{Payload: `{"id": 27}`})
	if order != nil || deleted != "27" || err != nil {
		t.Error(order, deleted, err)
	}
}
