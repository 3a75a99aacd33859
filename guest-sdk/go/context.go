package guest

import (
	"mapwright.dev/guest/internal/jsontext"
)

// A Context is everything the plugin may know of the event beside its payload. All times are
// RFC 3339 in UTC.
type Context struct {
	// Merchant is whose event it is.
	Merchant string
	// Route is the route being walked.
	Route string
	// Source is the connection the event came from.
	Source string
	// Target is the connection the documents go to.
	Target string
	// Topic is the topic in the source's own words (`order.updated`).
	Topic string
	// ResourceKey is what the event is about, unique within the source (`order/27`).
	ResourceKey string
	// EventID is the event's id.
	EventID string
	// CorrelationID follows the event from ingress to the target.
	CorrelationID string
	// SourceVersionTime is when the source last changed the resource; nil where it does not say.
	SourceVersionTime *string
	// ReceivedAt is when the host accepted the event: the only "now" there is.
	ReceivedAt string
	// Attempt is which attempt at mapping this event this is, from 1.
	Attempt int
	// SettingsJSON is the route's settings. Read them with [Context.Settings].
	SettingsJSON string
	// CheckpointJSON is what this plugin remembered the last time this resource was delivered, nil
	// the first time. Read it with [Context.Checkpoint].
	CheckpointJSON *string
	// Attributes are open name and value pairs.
	Attributes Attributes
}

// Settings reads the route's settings into a struct; what they do not name stays as it was, so set
// defaults before. They are one table for all plugins of the route: names that the struct does not
// have are passed over.
//
// The error is a [NotReady]: the event is as good as before once the merchant has mended the
// settings.
func (c *Context) Settings(into any) error {
	if c.SettingsJSON == "" {
		return nil
	}
	if err := jsontext.Read(c.SettingsJSON, into); err != nil {
		return NotReady("the settings of route `" + c.Route + "` do not suit this plugin: " +
			err.Error() + "; mend `settings` there")
	}
	return nil
}

// Checkpoint reads what was remembered into a struct, and says whether there was anything. The
// error is a [NotReady].
func (c *Context) Checkpoint(into any) (bool, error) {
	if c.CheckpointJSON == nil {
		return false, nil
	}
	if err := jsontext.Read(*c.CheckpointJSON, into); err != nil {
		return false, NotReady("the checkpoint of `" + c.ResourceKey + "` cannot be read: " + err.Error())
	}
	return true, nil
}

// ReceivedDate is the UTC day on which the event was received, YYYY-MM-DD.
func (c *Context) ReceivedDate() string {
	if len(c.ReceivedAt) < 10 {
		return ""
	}
	return c.ReceivedAt[:10]
}

// An Attribute is an open name and value.
type Attribute struct{ Name, Value string }

// Attributes are open names and values, in order. Ignore the names you do not know.
type Attributes []Attribute

// Get is the value of that name, "" where there is none.
func (a Attributes) Get(name string) string {
	value, _ := a.Lookup(name)
	return value
}

// Lookup is the value of that name, and whether there is one.
func (a Attributes) Lookup(name string) (string, bool) {
	for _, attribute := range a {
		if attribute.Name == name {
			return attribute.Value, true
		}
	}
	return "", false
}

// Set puts a value under a name, in place of the one that is there.
func (a *Attributes) Set(name, value string) {
	for i := range *a {
		if (*a)[i].Name == name {
			(*a)[i].Value = value
			return
		}
	}
	*a = append(*a, Attribute{name, value})
}
