// Package log writes to the merchant's log of this event. The host caps lines and bytes.
//
// A line of several values is made with + and strconv, or with fmt.Sprintf, which works and makes
// the component larger.
package log

import "mapwright.dev/guest/internal/host"

// Debug logs for the plugin's author.
func Debug(message string) { host.Log(host.Debug, message) }

// Info logs what is worth knowing.
func Info(message string) { host.Log(host.Info, message) }

// Warning logs what is odd, though the answer stands.
func Warning(message string) { host.Log(host.Warning, message) }

// Error logs what is wrong and should be looked at.
func Error(message string) { host.Log(host.Error, message) }
