package guest

import (
	"strings"

	"mapwright.dev/guest/internal/toml"
)

// A Manifest is what a plugin says of itself. The host reads it once, when the plugin is loaded.
type Manifest struct {
	// Plugin is the text of plugin.toml: name, version, summary and world. Embed it.
	Plugin string
	// SettingsSchema is the JSON Schema 2020-12 of the route's settings; anything goes when empty.
	// Embed settings.schema.json.
	SettingsSchema string
	// Topics are those it understands (`order.created`); any when empty.
	Topics []string
	// Entities are those of the documents it makes (`sale`); none without field mapping.
	Entities []string
	// Attributes are open name and value pairs.
	Attributes Attributes
}

// A FieldMapper turns a payload into documents.
type FieldMapper interface {
	// Transform maps one payload. The same context, input and lookup tables must give the same
	// answer. The error is a refusal: [Reject], [Violations.Err], [NotReady].
	Transform(ctx *Context, input *Input) (*Mapping, error)
}

// A Pricer prices the lines of an order.
type Pricer interface {
	// Reprice gives the lines in the order they came, each under its own id.
	Reprice(ctx *Context, lines []PriceLine) ([]PriceLine, error)
}

// A StatusTranslator turns a status of the source into one of the target.
type StatusTranslator interface {
	// Translate gives the target's status; "" when the target is to keep the one it has.
	Translate(ctx *Context, status *SourceStatus) (string, error)
}

var (
	registeredRules    any
	registeredManifest Manifest
)

// Register says what the plugin is. Call it once, in an init function of package main.
//
// Rules must be a [FieldMapper], a [Pricer], a [StatusTranslator], or several of them.
func Register(rules any, manifest Manifest) {
	if registeredRules != nil {
		panic("guest.Register is called twice")
	}
	if worldOf(rules) == "" {
		panic("guest.Register: the rules are no FieldMapper, Pricer or StatusTranslator; look at the " +
			"methods' names and parameters")
	}
	registeredRules, registeredManifest = rules, manifest
}

// Registered is what was registered, for the test harness.
func Registered() (rules any, manifest Manifest) { return registeredRules, registeredManifest }

// worldOf is the world that fits what the rules implement; none when they implement nothing.
func worldOf(rules any) string {
	_, maps := rules.(FieldMapper)
	_, prices := rules.(Pricer)
	_, translates := rules.(StatusTranslator)
	switch {
	case maps && prices && translates:
		return "complete-plugin"
	case maps && prices:
		return "mapping-and-pricing-plugin"
	case maps && translates:
		return "mapping-and-status-plugin"
	case prices && translates:
		return "pricing-and-status-plugin"
	case maps:
		return "field-mapping-plugin"
	case prices:
		return "pricing-plugin"
	case translates:
		return "status-translation-plugin"
	}
	return ""
}

// Package is what plugin.toml says.
type Package struct{ Name, Version, Summary, World string }

// Package reads plugin.toml, and checks that its world is the one that the rules fit.
func (m Manifest) Package(rules any) (Package, error) {
	values, err := toml.Parse(m.Plugin)
	if err != nil {
		return Package{}, reason("plugin.toml: " + err.Error())
	}
	p := Package{
		Name:    values.Text("name"),
		Version: values.Text("version"),
		Summary: values.Text("summary"),
		World:   values.Text("world"),
	}
	var missing []string
	for _, field := range [...][2]string{
		{"name", p.Name}, {"version", p.Version}, {"summary", p.Summary}, {"world", p.World},
	} {
		if field[1] == "" {
			missing = append(missing, "`"+field[0]+"`")
		}
	}
	if len(missing) > 0 {
		return p, reason("plugin.toml has no " + strings.Join(missing, ", "))
	}
	if fits := worldOf(rules); p.World != fits {
		return p, reason("plugin.toml says world = \"" + p.World + "\", the rules that are registered make it \"" +
			fits + "\"")
	}
	return p, nil
}

type reason string

func (r reason) Error() string { return string(r) }
