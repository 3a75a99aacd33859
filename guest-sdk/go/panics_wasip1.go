package guest

import (
	"runtime"
	"strconv"
	"strings"

	"mapwright.dev/guest/internal/host"
)

// framesMax is how much of the stack goes to the log.
const framesMax = 16

// lastWords is deferred by every export. It writes a panic's text and place to the log, the stack
// below it, and traps: the host shows the first line as the reason.
//
// It does not see what no Go program can recover from (a stack that is too deep, memory that ran
// out, a panic in another goroutine): the runtime writes those to stderr, which is the log too.
func lastWords() {
	fault := recover()
	if fault == nil {
		return
	}
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters[:])])
	var stack []runtime.Frame
	folder := ""
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			folder = frame.File[:strings.LastIndexByte(frame.File, '/')+1]
		}
		if frame.File != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			stack = append(stack, frame)
		}
	}
	place := ""
	for _, frame := range stack {
		if folder != "" && strings.HasPrefix(frame.File, folder) {
			place = " at " + where(frame, folder)
			break
		}
	}
	host.Log(host.Error, "panicked"+place+": "+textOf(fault))
	for i, frame := range stack {
		if i == framesMax {
			break
		}
		host.Log(host.Error, "  "+frame.Function+" ("+where(frame, folder)+")")
	}
	host.Trap()
}

// where is a frame's file, from the plugin's own folder on where it is there, and line.
func where(frame runtime.Frame, folder string) string {
	return strings.TrimPrefix(frame.File, folder) + ":" + strconv.Itoa(frame.Line)
}

func textOf(fault any) string {
	switch value := fault.(type) {
	case string:
		return value
	case error:
		return value.Error()
	case interface{ String() string }:
		return value.String()
	case int:
		return strconv.Itoa(value)
	}
	return "(a panic whose value is no text)"
}
