package guest

import (
	"errors"
	"fmt"
	"testing"

	"mapwright.dev/guest/money"
)

func TestFaultsAreToldTogetherAndPlaced(t *testing.T) {
	var faults Violations
	if faults.Err() != nil {
		t.Error("no faults are an error")
	}
	line := faults.At("line_items").Index(3)
	line.Field("sku").Add("sku_missing", "line 4 has no SKU")
	line.Field("a/b~c").Add("odd", "x")
	faults.Root().Add("whole", "y")
	want := "rejected; sku_missing at `/line_items/3/sku`: line 4 has no SKU; odd at `/line_items/3/a~1b~0c`: x; whole at ``: y"
	if err := faults.Err(); err.Error() != want {
		t.Error(err)
	}
	var rejected Rejected
	if !errors.As(fmt.Errorf("order 1: %w", faults.Err()), &rejected) || len(rejected) != 3 {
		t.Error("a wrapped rejection is none")
	}
}

func TestABodyKeepsItsOrderAndItsMoney(t *testing.T) {
	document := Upsert("sale", "WC-1").Body(Object{
		{"z", money.New(1050, 2)},
		{"a", Ref("party", "WC-2")},
		{"n", money.Number(money.New(10, 1))},
		{"o", Object{{"none", nil}}},
	}).Attribute("priority", "high")
	want := `{"z":"10.50","a":{"$ref":{"entity":"party","key":"WC-2"}},"n":1.0,"o":{"none":null}}`
	if document.BodyJSON != want {
		t.Error(document.BodyJSON)
	}
	if empty := Cancel("sale", "WC-1"); empty.BodyJSON != "{}" || empty.Operation.String() != "cancel" {
		t.Error(empty)
	}
}

func TestSettingsKeepTheirDefaultsAndNameTheirFaults(t *testing.T) {
	set := struct {
		Prefix string        `json:"prefix"`
		Limit  money.Decimal `json:"limit"`
	}{Prefix: "WC-"}
	ctx := &Context{Route: "orders", SettingsJSON: `{"limit": 10.50, "other": 1}`}
	if err := ctx.Settings(&set); err != nil || set.Prefix != "WC-" || set.Limit.String() != "10.50" {
		t.Error(set, err)
	}
	ctx.SettingsJSON = `{"prefix": 1}`
	want := "not ready: the settings of route `orders` do not suit this plugin: /prefix: a text belongs here; mend `settings` there"
	if err := ctx.Settings(&set); err == nil || err.Error() != want {
		t.Error(err)
	}
}

func TestAMappingRemembers(t *testing.T) {
	mapping := Deliver().Remember(struct {
		Status string `json:"status"`
	}{"paid"})
	ctx := &Context{CheckpointJSON: mapping.Checkpoint}
	var seen struct {
		Status string `json:"status"`
	}
	if had, err := ctx.Checkpoint(&seen); !had || err != nil || seen.Status != "paid" {
		t.Error(seen, had, err)
	}
	if Skip("no").Remember(1).Checkpoint != nil {
		t.Error("a skip remembers")
	}
}

type mapsOnly struct{}

func (mapsOnly) Transform(*Context, *Input) (*Mapping, error) { return Skip(""), nil }

func TestTheWorldMustFitTheRules(t *testing.T) {
	manifest := Manifest{Plugin: "name = \"a\" # x\nversion = '1.0.0'\nsummary = \"s\"\nworld = \"pricing-plugin\"\n"}
	_, err := manifest.Package(mapsOnly{})
	want := `plugin.toml says world = "pricing-plugin", the rules that are registered make it "field-mapping-plugin"`
	if err == nil || err.Error() != want {
		t.Error(err)
	}
	manifest.Plugin = "name = \"a\"\n"
	if _, err = manifest.Package(mapsOnly{}); err == nil || err.Error() != "plugin.toml has no `version`, `summary`, `world`" {
		t.Error(err)
	}
}
