// Package lookup reads the merchant's lookup tables: lookups/NAME.csv, found by the first column.
package lookup

import (
	"mapwright.dev/guest"
	"mapwright.dev/guest/internal/host"
	"mapwright.dev/guest/money"
)

// A Row is a row of a lookup table.
type Row struct {
	table, key string
	columns    [][2]string
}

// Find gives the row of a table whose first column is exactly key; nil where there is none.
//
// The error, where the merchant has no such table, is a [guest.NotReady]: the event is as good as
// before once the table is there.
func Find(table, key string) (*Row, error) {
	columns, found, known := host.Row(table, key)
	switch {
	case !known:
		return nil, guest.NotReady("there is no lookup table `" + table + "`; add lookups/" + table + ".csv")
	case !found:
		return nil, nil
	}
	return &Row{table, key, columns}, nil
}

// Has is whether the merchant has a table of that name.
func Has(table string) bool {
	_, _, known := host.Row(table, "")
	return known
}

// Get is the value of a column; "" where the table has no such column or it is empty here.
func (r *Row) Get(column string) string {
	for _, pair := range r.columns {
		if pair[0] == column {
			return pair[1]
		}
	}
	return ""
}

// Text is the value of a column that must be there. The error is a [guest.NotReady] that names
// table, row and column.
func (r *Row) Text(column string) (string, error) {
	if value := r.Get(column); value != "" {
		return value, nil
	}
	return "", guest.NotReady("lookup table `" + r.table + "` has nothing in column `" + column +
		"` for `" + r.key + "`")
}

// Decimal is the value of a column that must hold a decimal number. The error is as that of
// [Row.Text].
func (r *Row) Decimal(column string) (money.Decimal, error) {
	text, err := r.Text(column)
	if err != nil {
		return money.Decimal{}, err
	}
	number, err := money.Parse(text)
	if err != nil {
		return number, guest.NotReady("lookup table `" + r.table + "`, row `" + r.key + "`, column `" +
			column + "`: " + err.Error())
	}
	return number, nil
}

// Columns are all columns with their values, in the table's order, the key column included.
func (r *Row) Columns() [][2]string { return r.columns }
