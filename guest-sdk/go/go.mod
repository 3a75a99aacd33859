module mapwright.dev/guest

go 1.24
