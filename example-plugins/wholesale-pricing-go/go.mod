module mapwright.dev/examples/wholesale-pricing-go

go 1.24

require mapwright.dev/guest v0.0.0

replace mapwright.dev/guest => ../../guest-sdk/go
