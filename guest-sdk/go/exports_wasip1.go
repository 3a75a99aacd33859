package guest

// What the component exports. All four functions are always there; of them, the component gets
// those that the world in plugin.toml names.
//
// A record as a parameter, and every answer, is handed over by its address: see internal/host.

import (
	"errors"
	"unsafe"

	"mapwright.dev/guest/internal/host"
)

//go:wasmexport mapwright:plugin/manifest@1.0.0#describe
func exportedDescribe() (answer unsafe.Pointer) {
	defer lastWords()
	if registeredRules == nil {
		panic("nothing is registered: call guest.Register in an init function of package main")
	}
	described, err := registeredManifest.Package(registeredRules)
	if err != nil {
		panic(err.Error())
	}
	schema := registeredManifest.SettingsSchema
	if schema == "" {
		schema = "{}"
	}
	return unsafe.Pointer(&wireManifest{
		name:       host.ToString(described.Name),
		version:    host.ToString(described.Version),
		summary:    host.ToString(described.Summary),
		schema:     host.ToString(schema),
		topics:     host.ToStrings(registeredManifest.Topics),
		entities:   host.ToStrings(registeredManifest.Entities),
		attributes: toAttributes(registeredManifest.Attributes),
	})
}

//go:wasmexport mapwright:plugin/field-mapping@1.0.0#transform
func exportedTransform(arguments unsafe.Pointer) (answer unsafe.Pointer) {
	defer lastWords()
	asked := (*wireTransform)(arguments)
	lines, err := asked.input.lines.lift()
	if err != nil {
		return refused(err)
	}
	input := &Input{
		Payload:    asked.input.payload.Text(),
		Status:     asked.input.status.Text(),
		Lines:      lines,
		Attributes: attributes(asked.input.attributes),
	}
	mapping, err := registeredRules.(FieldMapper).Transform(asked.context.lift(), input)
	if err != nil {
		return refused(err)
	}
	if mapping == nil {
		panic("Transform gave neither a mapping nor an error")
	}
	return mapping.lower()
}

//go:wasmexport mapwright:plugin/pricing@1.0.0#reprice
func exportedReprice(arguments unsafe.Pointer) (answer unsafe.Pointer) {
	defer lastWords()
	asked := (*wireReprice)(arguments)
	lines, err := asked.lines.lift()
	if err != nil {
		return refused(err)
	}
	lines, err = registeredRules.(Pricer).Reprice(asked.context.lift(), lines)
	if err != nil {
		return refused(err)
	}
	return unsafe.Pointer(&wireRepriced{lines: toLines(lines)})
}

//go:wasmexport mapwright:plugin/status-translation@1.0.0#translate
func exportedTranslate(arguments unsafe.Pointer) (answer unsafe.Pointer) {
	defer lastWords()
	asked := (*wireTranslate)(arguments)
	status := &SourceStatus{
		Entity:         asked.entity.Text(),
		Status:         asked.status.Text(),
		PreviousStatus: asked.previous.Text(),
		Attributes:     attributes(asked.attributes),
	}
	translated, err := registeredRules.(StatusTranslator).Translate(asked.context.lift(), status)
	if err != nil {
		return refused(err)
	}
	if translated == "" {
		return unsafe.Pointer(&wireTranslated{})
	}
	return unsafe.Pointer(&wireTranslated{status: host.ToOption(&translated)})
}

// refused is the answer of all three for an error that is a refusal.
func refused(err error) unsafe.Pointer {
	var notReady NotReady
	if errors.As(err, &notReady) {
		return unsafe.Pointer(&wireNotReady{failed: 1, notReady: 1, reason: host.ToString(string(notReady))})
	}
	var rejected Rejected
	if !errors.As(err, &rejected) {
		panic("the rules gave an error that is no refusal: " + err.Error())
	}
	violations := make([]wireViolation, len(rejected))
	for i, v := range rejected {
		violations[i] = wireViolation{host.ToString(v.Pointer), host.ToString(v.Code), host.ToString(v.Message)}
	}
	return unsafe.Pointer(&wireRejected{failed: 1, violations: host.ToList(violations)})
}
