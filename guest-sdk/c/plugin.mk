# Tests of a plugin, natively, with any C compiler. A project's Makefile says where the SDK is and includes
# this:
#
#     SDK := sdk/guest-sdk/c
#     include $(SDK)/plugin.mk
#
# Sources are src/*.c, tests are tests/*.c. `make test` runs them; `make test ONLY=golden` those whose names
# contain a word. Without a C compiler: make test CC="python3 -m ziglang cc" SANITIZE=-fsanitize=undefined.

CC ?= cc
SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS ?= -g -O1 -std=gnu11 -Wall -Wextra $(SANITIZE)
BUILD ?= build
ONLY ?=

PLUGIN_SOURCES := $(wildcard src/*.c)
PLUGIN_TESTS := $(wildcard tests/*.c)
SDK_SOURCES := $(wildcard $(SDK)/src/*.c) $(wildcard $(SDK)/testing/*.c)
SDK_HEADERS := $(wildcard $(SDK)/include/*.h $(SDK)/include/mapwright/*.h $(SDK)/src/*.h $(SDK)/testing/*.h)
SDK_OBJECTS := $(patsubst $(SDK)/%.c,$(BUILD)/sdk/%.o,$(SDK_SOURCES))
INCLUDE := -I$(BUILD) -Isrc -I$(SDK)/include

test: $(BUILD)/tests
	$(BUILD)/tests $(ONLY)

$(BUILD)/tests: $(PLUGIN_SOURCES) $(PLUGIN_TESTS) $(wildcard src/*.h) $(SDK_OBJECTS) $(BUILD)/mapwright_project.h
	$(CC) $(CFLAGS) $(INCLUDE) $(PLUGIN_SOURCES) $(PLUGIN_TESTS) $(SDK_OBJECTS) -o $@

$(BUILD)/sdk/%.o: $(SDK)/%.c $(SDK_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -I$(SDK)/include -c $< -o $@

# Name, version, summary and settings schema as the header that mapwright.h takes them from; `mapwright build`
# writes the same.
$(BUILD)/mapwright_project.h: plugin.toml $(wildcard settings.schema.json)
	@mkdir -p $(BUILD)
	@sed -n -e 's/^name *= *\(".*"\).*/#define MAPWRIGHT_NAME \1/p' \
		-e 's/^version *= *\(".*"\).*/#define MAPWRIGHT_VERSION \1/p' \
		-e 's/^summary *= *\(".*"\).*/#define MAPWRIGHT_SUMMARY \1/p' plugin.toml > $@
	@echo '#define MAPWRIGHT_SETTINGS_SCHEMA \' >> $@
	@if [ -f settings.schema.json ]; then \
		sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$$/\\n" \\/' settings.schema.json; echo '    ""'; \
	else echo '    "{}"'; fi >> $@

clean:
	rm -rf $(BUILD)

.PHONY: test clean
