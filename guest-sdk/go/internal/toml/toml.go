// Package toml reads the small part of TOML that plugin.toml and a golden case's context.toml use:
// bare or quoted keys; strings on one line; numbers, times and booleans by their text; tables of
// those, as `[name]` or `{ a = "b" }`; comments. What else TOML has is refused with the line.
package toml

import (
	"errors"
	"strconv"
	"strings"
)

// A Value is a key with its text, or a table.
type Value struct {
	Key string
	// Text is a string's contents, or a number, time or boolean as it is written.
	Text string
	// Table has the values of a table; nil for everything else.
	Table Table
}

// A Table has values in the order they were written.
type Table []Value

// Text is the text of a key, "" where there is none.
func (t Table) Text(key string) string {
	for _, value := range t {
		if value.Key == key {
			return value.Text
		}
	}
	return ""
}

// Parse reads a document.
func Parse(text string) (Table, error) {
	root := Table{}
	at := &root
	for number, line := range strings.Split(text, "\n") {
		rest := strings.TrimSpace(line)
		if rest == "" || rest[0] == '#' {
			continue
		}
		var err error
		if name, ok := strings.CutPrefix(rest, "["); ok {
			name, tail, closed := strings.Cut(name, "]")
			if !closed || !ends(tail) || strings.ContainsAny(name, "[].\"'") {
				err = errors.New("a table is written [name]")
			} else {
				root = append(root, Value{Key: strings.TrimSpace(name), Table: Table{}})
				at = &root[len(root)-1].Table
			}
		} else {
			var value Value
			if value, rest, err = pair(rest); err == nil && !ends(rest) {
				err = errors.New("something follows the value")
			}
			for _, other := range *at {
				if err == nil && other.Key == value.Key {
					err = errors.New("`" + value.Key + "` stands twice")
				}
			}
			*at = append(*at, value)
		}
		if err != nil {
			return nil, errors.New("line " + strconv.Itoa(number+1) + ": " + err.Error())
		}
	}
	return root, nil
}

func ends(rest string) bool {
	rest = strings.TrimSpace(rest)
	return rest == "" || rest[0] == '#'
}

// pair reads `key = value` and gives what follows.
func pair(line string) (Value, string, error) {
	var key, rest string
	var err error
	if line != "" && (line[0] == '"' || line[0] == '\'') {
		key, rest, err = quoted(line)
	} else {
		end := strings.IndexFunc(line, func(c rune) bool {
			letter := 'a' <= c|0x20 && c|0x20 <= 'z'
			return !letter && (c < '0' || c > '9') && c != '_' && c != '-'
		})
		if end < 0 {
			end = len(line)
		}
		key, rest = line[:end], line[end:]
	}
	if err == nil && key == "" {
		err = errors.New("a key belongs here")
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(rest), "=")
	if err == nil && !ok {
		err = errors.New("`=` belongs after the key `" + key + "`")
	}
	if err != nil {
		return Value{}, "", err
	}
	value := Value{Key: key}
	switch rest = strings.TrimSpace(rest); {
	case rest == "":
		err = errors.New("`" + key + "` has no value")
	case rest[0] == '"' || rest[0] == '\'':
		value.Text, rest, err = quoted(rest)
	case rest[0] == '{':
		value.Table, rest, err = inline(rest[1:])
	default:
		end := strings.IndexAny(rest, ",}#")
		if end < 0 {
			end = len(rest)
		}
		value.Text, rest = strings.TrimSpace(rest[:end]), rest[end:]
		if strings.ContainsAny(value.Text, "[]\"'") || value.Text == "" {
			err = errors.New("`" + key + "` has a value that is not read here")
		}
	}
	return value, rest, err
}

func inline(rest string) (Table, string, error) {
	table := Table{}
	for {
		rest = strings.TrimSpace(rest)
		if tail, ok := strings.CutPrefix(rest, "}"); ok {
			return table, tail, nil
		}
		if len(table) > 0 {
			tail, ok := strings.CutPrefix(rest, ",")
			if !ok {
				return nil, "", errors.New("a table does not end")
			}
			rest = strings.TrimSpace(tail)
		}
		value, tail, err := pair(rest)
		if err != nil {
			return nil, "", err
		}
		table, rest = append(table, value), tail
	}
}

// quoted reads a string and gives what follows.
func quoted(text string) (string, string, error) {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if quote == '"' {
				i++
			}
		case quote:
			if quote == '\'' {
				return text[1:i], text[i+1:], nil
			}
			plain, err := strconv.Unquote(text[:i+1])
			if err != nil {
				return "", "", errors.New("a string has an escape that is not read here")
			}
			return plain, text[i+1:], nil
		}
	}
	return "", "", errors.New("a string does not end")
}
