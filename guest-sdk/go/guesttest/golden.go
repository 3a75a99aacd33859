package guesttest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"testing"

	"mapwright.dev/guest"
	"mapwright.dev/guest/internal/toml"
)

// Golden runs all golden cases of the registered plugin, the folders in dir, each as a test of its
// own: the same that `mapwright test` runs in the sandbox.
//
// A folder has payload.json; optional context.toml, settings.json, previous-checkpoint.json and
// lookups/*.csv; and expected.json (the keys it has are compared) or violations.json (the whole
// list). With MAPWRIGHT_BLESS=1 in the environment, what comes out is written there instead: look at
// the difference before you commit it.
func Golden(t *testing.T, dir string) {
	t.Helper()
	payloads, err := filepath.Glob(filepath.Join(dir, "*", "payload.json"))
	if err != nil || len(payloads) == 0 {
		t.Fatalf("there are no golden cases in %s", dir)
	}
	for _, payload := range payloads {
		folder := filepath.Dir(payload)
		t.Run(filepath.Base(folder), func(t *testing.T) { golden(t, folder) })
	}
}

func golden(t *testing.T, folder string) {
	t.Helper()
	run := Load(t, folder).Run(t)
	actual := run.report()
	if os.Getenv("MAPWRIGHT_BLESS") == "1" {
		bless(t, folder, actual)
		return
	}
	var differences []string
	if text, there := optional(t, folder, "expected.json"); there {
		expected, ok := decode(text).(map[string]any)
		if !ok {
			t.Fatal("expected.json must hold an object")
		}
		for _, key := range keysOf(expected, nil) {
			differences = append(differences, compare("/"+key, expected[key], actual[key])...)
		}
	} else if text, there := optional(t, folder, "violations.json"); there {
		differences = compare("/violations", decode(text), actual["violations"])
	} else {
		t.Fatal("there is no expected.json or violations.json")
	}
	if len(differences) > 0 {
		t.Errorf("%s\nthe whole answer:\n%s", strings.Join(differences, "\n"), run)
	}
}

// Load reads a golden case, without what is expected of it.
func Load(t testing.TB, folder string) Case {
	t.Helper()
	payload, there := optional(t, folder, "payload.json")
	if !there {
		t.Fatalf("%s has no payload.json", folder)
	}
	c := Case{Payload: payload, Lookups: map[string]string{}}
	c.Settings, _ = optional(t, folder, "settings.json")
	c.Checkpoint, _ = optional(t, folder, "previous-checkpoint.json")
	tables, _ := filepath.Glob(filepath.Join(folder, "lookups", "*.csv"))
	for _, path := range tables {
		name := strings.TrimSuffix(filepath.Base(path), ".csv")
		c.Lookups[name], _ = optional(t, filepath.Dir(path), filepath.Base(path))
	}
	text, _ := optional(t, folder, "context.toml")
	values, err := toml.Parse(text)
	if err != nil {
		t.Fatalf("context.toml: %v", err)
	}
	c.Topic, c.PreviousStatus = values.Text("topic"), values.Text("previous_status")
	c.Context = func(context *guest.Context) {
		for _, value := range values {
			if message := set(context, value); message != "" {
				t.Fatalf("context.toml: %s", message)
			}
		}
	}
	return c
}

// set puts one value of context.toml into a context.
func set(context *guest.Context, value toml.Value) string {
	text := value.Text
	switch value.Key {
	case "topic", "previous_status": // not here
	case "merchant":
		context.Merchant = text
	case "route":
		context.Route = text
	case "source":
		context.Source = text
	case "target":
		context.Target = text
	case "resource_key":
		context.ResourceKey = text
	case "event_id":
		context.EventID = text
	case "correlation_id":
		context.CorrelationID = text
	case "source_version_time":
		context.SourceVersionTime = &text
	case "received_at":
		context.ReceivedAt = text
	case "attempt":
		attempt, err := strconv.Atoi(text)
		if err != nil {
			return "`attempt` must be a number from 1"
		}
		context.Attempt = attempt
	case "attributes":
		context.Attributes = nil
		for _, attribute := range value.Table {
			context.Attributes.Set(attribute.Key, attribute.Text)
		}
	default:
		return "unknown key `" + value.Key + "`"
	}
	return ""
}

func optional(t testing.TB, folder, name string) (string, bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		if os.IsNotExist(err) {
			return "", false
		}
		t.Fatal(err)
	}
	return strings.TrimRight(string(text), "\n"), true
}

// report is the run in the words of `mapwright dry-run --json`.
func (run *Run) report() map[string]any {
	report := map[string]any{"outcome": string(run.Outcome), "status": nil}
	if run.Status != nil {
		report["status"] = *run.Status
	}
	lines := []any{}
	for _, line := range run.Lines {
		lines = append(lines, map[string]any{
			"id": line.ID, "sku": line.SKU, "quantity": line.Quantity.String(),
			"unit_price": line.UnitPrice.String(), "currency": line.Currency,
			"attributes": pairs(line.Attributes),
		})
	}
	report["lines"] = lines
	switch run.Outcome {
	case Skipped, NotReady:
		report["reason"] = run.Reason
	case Rejected:
		violations := []any{}
		for _, v := range run.Violations {
			violations = append(violations, map[string]any{"pointer": v.Pointer, "code": v.Code, "message": v.Message})
		}
		report["violations"] = violations
	case Mapped:
		documents := []any{}
		for _, d := range run.Documents {
			document := map[string]any{
				"entity": d.Entity, "idempotency_key": d.IdempotencyKey,
				"operation": d.Operation.String(), "body": decode(d.BodyJSON),
			}
			if len(d.Attributes) > 0 {
				document["attributes"] = pairs(d.Attributes)
			}
			documents = append(documents, document)
		}
		report["documents"], report["checkpoint"] = documents, nil
		if run.Checkpoint != nil {
			report["checkpoint"] = *run.Checkpoint
		}
	}
	return report
}

func pairs(attributes guest.Attributes) []any {
	list := []any{}
	for _, attribute := range attributes {
		list = append(list, []any{attribute.Name, attribute.Value})
	}
	return list
}

// compare notes where two values differ, each leaf with its pointer.
func compare(at string, wanted, actual any) []string {
	switch wanted := wanted.(type) {
	case map[string]any:
		if actual, ok := actual.(map[string]any); ok {
			var differences []string
			for _, key := range keysOf(wanted, actual) {
				differences = append(differences, compare(at+"/"+key, wanted[key], actual[key])...)
			}
			return differences
		}
	case []any:
		if actual, ok := actual.([]any); ok && len(wanted) == len(actual) {
			var differences []string
			for i := range wanted {
				differences = append(differences, compare(at+"/"+strconv.Itoa(i), wanted[i], actual[i])...)
			}
			return differences
		}
	}
	if reflect.DeepEqual(wanted, actual) {
		return nil
	}
	return []string{"  " + at + ": expected " + compact(wanted) + ", got " + compact(actual)}
}

func keysOf(a, b map[string]any) []string {
	var keys []string
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

func compact(value any) string {
	text, err := marshal(value, "")
	if err != nil {
		return err.Error()
	}
	return text
}

func marshal(value any, indent string) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err := encoder.Encode(value)
	return strings.TrimRight(out.String(), "\n"), err
}

// bless accepts an answer as the one to expect, without what says nothing.
func bless(t *testing.T, folder string, actual map[string]any) {
	t.Helper()
	name, other := "expected.json", "violations.json"
	var accepted any = actual
	if actual["outcome"] == string(Rejected) {
		name, other = other, name
		accepted = actual["violations"]
	}
	for key, value := range actual {
		if list, ok := value.([]any); value == nil || ok && len(list) == 0 {
			delete(actual, key)
		}
	}
	text, err := marshal(accepted, "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name), []byte(text+"\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, other)); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}
