package guesttest

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"

	"mapwright.dev/guest"
	"mapwright.dev/guest/internal/host"
	"mapwright.dev/guest/internal/jsontext"
	"mapwright.dev/guest/money"
)

// facts are what the host would make of a payload before it asks a plugin.
type facts struct {
	whole  guest.Context
	status *guest.SourceStatus
	lines  []guest.PriceLine
}

// context is a copy, so that a plugin that changes it changes it for nobody else.
func (f *facts) context() *guest.Context {
	context := f.whole
	return &context
}

func factsOf(c Case) *facts {
	payload, _ := decode(c.Payload).(map[string]any)
	const id = "019fa000-0000-7000-8000-000000000001"
	context := guest.Context{
		Merchant: "acme", Route: "orders", Source: "shop", Target: "erp", Topic: c.Topic,
		EventID: id, CorrelationID: id, Attempt: 1, SettingsJSON: c.Settings,
	}
	if context.Topic == "" {
		context.Topic = "order.updated"
	}
	if context.SettingsJSON == "" {
		context.SettingsJSON = "{}"
	}
	if c.Checkpoint != "" {
		context.CheckpointJSON = &c.Checkpoint
	}
	if c.Context != nil {
		c.Context(&context)
	}
	if context.ResourceKey == "" {
		context.ResourceKey = resourceKey(context.Topic, payload)
	}
	if modified, ok := payload["date_modified_gmt"].(string); ok && context.SourceVersionTime == nil {
		time := strings.TrimRight(modified, "Z") + "Z"
		context.SourceVersionTime = &time
	}
	if context.ReceivedAt == "" {
		context.ReceivedAt = "2026-01-01T00:00:00Z"
		if context.SourceVersionTime != nil {
			context.ReceivedAt = *context.SourceVersionTime
		}
	}
	f := &facts{whole: context}
	if !strings.HasPrefix(context.Topic, "order.") {
		return f
	}
	if status, ok := payload["status"].(string); ok {
		f.status = &guest.SourceStatus{
			Entity: "order",
			Status: status,
			Attributes: present(payload, "payment_method", "date_paid_gmt", "customer_id", "currency",
				"created_via"),
		}
		if c.PreviousStatus != "" {
			f.status.PreviousStatus = &c.PreviousStatus
		}
	}
	f.lines = priceLines(payload)
	return f
}

// resourceKey is what the host would call what a payload is about.
func resourceKey(topic string, payload map[string]any) string {
	id := "0"
	for _, name := range []string{"arg", "id"} {
		switch value := payload[name].(type) {
		case string:
			id = value
		case json.Number:
			id = value.String()
		}
	}
	if resource, _, dotted := strings.Cut(topic, "."); dotted && resource != "action" {
		topic = resource
	}
	return topic + "/" + id
}

// priceLines are the lines the host would have priced.
func priceLines(payload map[string]any) []guest.PriceLine {
	items, _ := payload["line_items"].([]any)
	var lines []guest.PriceLine
	for _, item := range items {
		item, _ := item.(map[string]any)
		number := func(name string) money.Decimal {
			number, _ := money.Parse(plain(item[name]))
			return number
		}
		quantity, unitPrice := number("quantity"), number("subtotal")
		if !quantity.IsZero() {
			unitPrice = unitPrice.Div(quantity)
		}
		attributes := present(item, "product_id", "variation_id", "name", "subtotal", "total", "tax_class")
		attributes = append(attributes, present(payload, "customer_id")...)
		if role, ok := customerRole(payload); ok {
			attributes = append(attributes, guest.Attribute{Name: "customer_role", Value: role})
		}
		lines = append(lines, guest.PriceLine{
			ID:         plain(item["id"]),
			SKU:        plain(item["sku"]),
			Quantity:   quantity,
			UnitPrice:  unitPrice.Round(10).Normalize(),
			Currency:   plain(payload["currency"]),
			Attributes: attributes,
		})
	}
	return lines
}

func customerRole(payload map[string]any) (string, bool) {
	entries, _ := payload["meta_data"].([]any)
	for _, key := range []string{"_customer_role", "customer_role"} {
		for _, entry := range entries {
			if entry, _ := entry.(map[string]any); entry["key"] == key {
				return plain(entry["value"]), true
			}
		}
	}
	return "", false
}

// present are those of the fields that are there.
func present(object map[string]any, names ...string) guest.Attributes {
	var there guest.Attributes
	for _, name := range names {
		if value := object[name]; value != nil {
			there = append(there, guest.Attribute{Name: name, Value: plain(value)})
		}
	}
	return there
}

// plain is a value as the host says it in an attribute.
func plain(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case json.Number:
		return value.String()
	}
	return string(jsontext.Append(nil, value))
}

// decode reads JSON, numbers as they are written; nil for what is no JSON.
func decode(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

func readTable(text string) (host.Table, error) {
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	records, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("it has no header")
	}
	header, table := records[0], host.Table{}
	for _, record := range records[1:] {
		key := record[0]
		if _, twice := table[key]; twice {
			return nil, errors.New("the key `" + key + "` stands twice")
		}
		row := make([][2]string, len(header))
		for i, column := range header {
			row[i] = [2]string{column, record[i]}
		}
		table[key] = row
	}
	return table, nil
}
