// Package guesttest runs a plugin natively, so that its tests are ordinary `go test`.
//
// A [Case] gives the registered plugin a payload, settings, lookup tables and a checkpoint and walks
// the road the host walks: status translation, pricing, field mapping, as far as the plugin has
// them. [Golden] does so for every case folder of a plugin and compares.
//
//	func TestGolden(t *testing.T) { guesttest.Golden(t, "cases") }
//
//	func TestDraft(t *testing.T) {
//		run := guesttest.Case{Payload: `{"id": 1, "status": "draft", "currency": "BRL", "total": "0"}`}.Run(t)
//		if run.Outcome != guesttest.Skipped {
//			t.Error(run)
//		}
//	}
//
// It does not limit fuel, memory or time; `mapwright test` runs the same cases in the sandbox. It is
// never part of a component.
package guesttest

import (
	"encoding/json"
	"errors"
	"testing"

	"mapwright.dev/guest"
	"mapwright.dev/guest/internal/host"
)

// A Case is what one native run is given. What is left empty is as unremarkable as can be, or
// follows from the payload, as at the host.
type Case struct {
	// Payload is JSON text.
	Payload string
	// Settings are those of the route, JSON text.
	Settings string
	// Lookups are the merchant's tables by name, CSV text with a header.
	Lookups map[string]string
	// Checkpoint is what the plugin remembered the last time, JSON text.
	Checkpoint string
	// Topic is `order.updated` when empty.
	Topic string
	// PreviousStatus is the source's status when the resource was last delivered.
	PreviousStatus string
	// Status is the target's status, as another plugin of the route would have translated it.
	Status string
	// Lines are priced lines, as another plugin of the route would have priced them.
	Lines []guest.PriceLine
	// Context changes anything else of the context.
	Context func(*guest.Context)
}

// An Outcome is how a run ended, in the words of `mapwright dry-run`.
type Outcome string

// The outcomes that a native run has.
const (
	Mapped   Outcome = "mapped"
	Skipped  Outcome = "skipped"
	Rejected Outcome = "rejected"
	NotReady Outcome = "not_ready"
)

// A Run is what a native run gave.
type Run struct {
	Outcome Outcome
	// Documents are those to deliver, when mapped.
	Documents []*guest.Document
	// Checkpoint is what the plugin wants back next time, JSON text; nil for nothing.
	Checkpoint *string
	// Reason is why it was skipped or is not ready.
	Reason string
	// Violations are where and why it was rejected.
	Violations []guest.Violation
	// Status is the target's status; nil for none.
	Status *string
	// Lines are the priced lines.
	Lines []guest.PriceLine
	// Logs are what the plugin logged, as `level: message`.
	Logs []string
}

// Run runs the registered plugin. An error of the plugin that is no refusal, and a case that cannot
// be run, fail the test at once.
func (c Case) Run(t testing.TB) *Run {
	t.Helper()
	rules, manifest := guest.Registered()
	if rules == nil {
		t.Fatal("nothing is registered: call guest.Register in an init function of the package under test")
	}
	if _, err := manifest.Package(rules); err != nil {
		t.Fatal(err)
	}
	stage := &host.Stage{Tables: map[string]host.Table{}}
	for name, text := range c.Lookups {
		table, err := readTable(text)
		if err != nil {
			t.Fatalf("lookup table %s: %v", name, err)
		}
		stage.Tables[name] = table
	}
	run := &Run{Outcome: Mapped, Lines: c.Lines}
	if c.Status != "" {
		run.Status = &c.Status
	}
	var err error
	host.Play(stage, func() { err = run.walk(rules, c) })
	for _, line := range stage.Lines {
		run.Logs = append(run.Logs, [...]string{"debug", "info", "warning", "error"}[line.Level]+": "+line.Message)
	}
	var rejected guest.Rejected
	var notReady guest.NotReady
	switch {
	case err == nil:
	case errors.As(err, &rejected):
		run.Outcome, run.Violations = Rejected, rejected
	case errors.As(err, &notReady):
		run.Outcome, run.Reason = NotReady, string(notReady)
	default:
		t.Fatalf("the rules gave an error that is no refusal; in the sandbox this is a trap: %v", err)
	}
	return run
}

func (run *Run) walk(rules any, c Case) error {
	facts := factsOf(c)
	if translator, ok := rules.(guest.StatusTranslator); ok && facts.status != nil {
		translated, err := translator.Translate(facts.context(), facts.status)
		if err != nil {
			return err
		}
		run.Status = nil
		if translated != "" {
			run.Status = &translated
		}
	}
	if pricer, ok := rules.(guest.Pricer); ok {
		if run.Lines == nil {
			run.Lines = facts.lines
		}
		if len(run.Lines) > 0 {
			priced, err := pricer.Reprice(facts.context(), append([]guest.PriceLine(nil), run.Lines...))
			if err != nil {
				return err
			}
			run.Lines = priced
		}
	}
	mapper, ok := rules.(guest.FieldMapper)
	if !ok {
		return nil
	}
	input := &guest.Input{Payload: c.Payload, Status: run.Status, Lines: append([]guest.PriceLine(nil), run.Lines...)}
	mapping, err := mapper.Transform(facts.context(), input)
	switch {
	case err != nil:
		return err
	case mapping == nil:
		return errors.New("Transform gave neither a mapping nor an error")
	case mapping.Skipped != nil:
		run.Outcome, run.Reason = Skipped, *mapping.Skipped
	default:
		run.Documents, run.Checkpoint = mapping.Documents, mapping.Checkpoint
	}
	return nil
}

// Body is the body of the first document of an entity: objects are map[string]any, numbers
// json.Number. Where there is none, it is nil.
func (run *Run) Body(entity string) map[string]any {
	for _, document := range run.Documents {
		if document.Entity == entity {
			body, _ := decode(document.BodyJSON).(map[string]any)
			return body
		}
	}
	return nil
}

// String is the run as `mapwright dry-run --json` would say it, without usage and plugin.
func (run *Run) String() string {
	text, err := json.MarshalIndent(run.report(), "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
