//go:build !wasip1

package host

import "sync"

// A Table is a lookup table of a native run: rows by their first column.
type Table map[string][][2]string

// A Line is a line that was logged in a native run.
type Line struct {
	Level   Level
	Message string
}

// A Stage is what one native run finds when it asks the host.
type Stage struct {
	Tables map[string]Table
	Lines  []Line
}

var (
	playing sync.Mutex // one run at a time: plugins know no other
	stage   *Stage
)

// Play does work with a stage set up. Runs of parallel tests wait for each other.
func Play(on *Stage, work func()) {
	playing.Lock()
	defer playing.Unlock()
	stage = on
	defer func() { stage = nil }()
	work()
}

// Log writes one line to the log of the run.
func Log(level Level, message string) {
	if stage != nil {
		stage.Lines = append(stage.Lines, Line{level, message})
	}
}

// Row gives a row of a lookup table by its first column, as columns and values in the table's
// order. Known is whether there is such a table, found whether it has such a row.
func Row(table, key string) (columns [][2]string, found, known bool) {
	if stage == nil {
		return nil, false, false
	}
	rows, known := stage.Tables[table]
	columns, found = rows[key]
	return columns, found, known
}
