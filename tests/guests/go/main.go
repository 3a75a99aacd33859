// One misdeed each, to see how the host answers. Built as two files: `go build main.go panic.go`.
package main

import (
	_ "embed"

	"mapwright.dev/guest"
)

//go:embed plugin.toml
var pluginTOML string

func init() { guest.Register(rules{}, guest.Manifest{Plugin: pluginTOML, Entities: []string{"sale"}}) }

func main() {}

func sale(body any) (*guest.Mapping, error) {
	return guest.Deliver(guest.Upsert("sale", "1").Body(body)), nil
}
