package guest

// The records of the contract as they lie in linear memory, and ours made of them. The order of
// fields is that of wit/plugin.wit; strings are not copied.

import (
	"strconv"
	"unsafe"

	"mapwright.dev/guest/internal/host"
	"mapwright.dev/guest/money"
)

type wireManifest struct {
	name, version, summary, schema host.String
	topics, entities, attributes   host.List
}

type wireContext struct {
	merchant, route, source, target, topic, resourceKey, eventID, correlationID host.String
	sourceVersionTime                                                           host.Option
	receivedAt                                                                  host.String
	attempt                                                                     uint32
	settings                                                                    host.String
	checkpoint                                                                  host.Option
	attributes                                                                  host.List
}

func (c *wireContext) lift() *Context {
	return &Context{
		Merchant:          c.merchant.Text(),
		Route:             c.route.Text(),
		Source:            c.source.Text(),
		Target:            c.target.Text(),
		Topic:             c.topic.Text(),
		ResourceKey:       c.resourceKey.Text(),
		EventID:           c.eventID.Text(),
		CorrelationID:     c.correlationID.Text(),
		SourceVersionTime: c.sourceVersionTime.Text(),
		ReceivedAt:        c.receivedAt.Text(),
		Attempt:           int(c.attempt),
		SettingsJSON:      c.settings.Text(),
		CheckpointJSON:    c.checkpoint.Text(),
		Attributes:        attributes(c.attributes),
	}
}

type wireTransform struct {
	context wireContext
	input   struct {
		payload    host.String
		status     host.Option
		lines      wireLines
		attributes host.List
	}
}

type wireReprice struct {
	context wireContext
	lines   wireLines
}

type wireTranslate struct {
	context        wireContext
	entity, status host.String
	previous       host.Option
	attributes     host.List
}

// The answers: results, so first whether it failed. Of variants, next which case.

type wireMapped struct {
	failed, skipped uint32
	documents       host.List // the reason, when skipped
	checkpoint      host.Option
}

type wireSkipped struct {
	failed, skipped uint32
	reason          host.String
	_               host.Option
}

type wireRepriced struct {
	failed uint32
	lines  host.List
	_      uint32
}

type wireTranslated struct {
	failed uint32
	status host.Option
}

// Refusals are as large as the largest answer they stand for.

type wireRejected struct {
	failed, notReady uint32
	violations       host.List
	_                [3]uint32
}

type wireNotReady struct {
	failed, notReady uint32
	reason           host.String
	_                [3]uint32
}

type wireViolation struct{ pointer, code, message host.String }

type wireDocument struct {
	entity, key host.String
	operation   uint32
	body        host.String
	attributes  host.List
}

func (m *Mapping) lower() unsafe.Pointer {
	if m.Skipped != nil {
		return unsafe.Pointer(&wireSkipped{skipped: 1, reason: host.ToString(*m.Skipped)})
	}
	documents := make([]wireDocument, len(m.Documents))
	for i, d := range m.Documents {
		documents[i] = wireDocument{
			entity:     host.ToString(d.Entity),
			key:        host.ToString(d.IdempotencyKey),
			operation:  uint32(d.Operation),
			body:       host.ToString(d.BodyJSON),
			attributes: toAttributes(d.Attributes),
		}
	}
	return unsafe.Pointer(&wireMapped{documents: host.ToList(documents), checkpoint: host.ToOption(m.Checkpoint)})
}

type wireLines host.List

type wireLine struct {
	id, sku, quantity, unitPrice, currency host.String
	attributes                             host.List
}

func (list wireLines) lift() ([]PriceLine, error) {
	wire := host.Elements[wireLine](host.List(list))
	lines := make([]PriceLine, len(wire))
	for i, line := range wire {
		quantity, err := money.Parse(line.quantity.Text())
		unitPrice, priceErr := money.Parse(line.unitPrice.Text())
		what := "the quantity"
		if err == nil && priceErr != nil {
			what, err = "the unit price", priceErr
		}
		if err != nil {
			return nil, Reject("/line_items/"+strconv.Itoa(i), "price_line_malformed",
				what+" of line `"+line.id.Text()+"`: "+err.Error())
		}
		lines[i] = PriceLine{
			ID:         line.id.Text(),
			SKU:        line.sku.Text(),
			Quantity:   quantity,
			UnitPrice:  unitPrice,
			Currency:   line.currency.Text(),
			Attributes: attributes(line.attributes),
		}
	}
	return lines, nil
}

func toLines(lines []PriceLine) host.List {
	wire := make([]wireLine, len(lines))
	for i, line := range lines {
		wire[i] = wireLine{
			id:         host.ToString(line.ID),
			sku:        host.ToString(line.SKU),
			quantity:   host.ToString(line.Quantity.String()),
			unitPrice:  host.ToString(line.UnitPrice.String()),
			currency:   host.ToString(line.Currency),
			attributes: toAttributes(line.Attributes),
		}
	}
	return host.ToList(wire)
}

func attributes(list host.List) Attributes {
	pairs := host.Elements[host.Pair](list)
	if len(pairs) == 0 {
		return nil
	}
	named := make(Attributes, len(pairs))
	for i, pair := range pairs {
		named[i] = Attribute{pair.Name.Text(), pair.Value.Text()}
	}
	return named
}

func toAttributes(named Attributes) host.List {
	pairs := make([]host.Pair, len(named))
	for i, attribute := range named {
		pairs[i] = host.Pair{Name: host.ToString(attribute.Name), Value: host.ToString(attribute.Value)}
	}
	return host.ToList(pairs)
}
