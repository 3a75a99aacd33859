package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
)

// What encoding/json takes and refuses, this takes and refuses; with one difference, half a
// surrogate pair, which the host refuses too.
func TestValidAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, ` { "a" : [ 1 , 2.5e-3 , true , false , null , "x\n\u00e9\ud83d\ude00" ] } `, `0`, `-0.0`, `""`, `"\/"`,
		`[[[[[]]]]]`, `{"a":{"b":{}}}`, ``, ` `, `{`, `}`, `[1,]`, `[,1]`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`, `01`, `1.`,
		`.5`, `-`, `+1`, `1e`, `tru`, `nulll`, `NaN`, `Infinity`, `"a`, `"\x"`, `"\u12g4"`, "\"\n\"", `1 2`, `[1 2]`, `{"a":1 "b":2}`,
		`'a'`, `[1]]`, "\ufeff{}", `{"a":1}x`, `[NaN]`,
	} {
		if got, want := Valid(text) == nil, json.Valid([]byte(text)); got != want {
			t.Errorf("%q: %v, encoding/json says %v", text, got, want)
		}
	}
	if Valid(`"\ud800"`) == nil {
		t.Error("half a surrogate pair was taken")
	}
	if deep := strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20); Valid(deep) != nil {
		t.Error("a deep text was refused")
	}
}

type inner struct {
	B string `json:"b"`
}

type body struct {
	Z     int    `json:"z"`
	A     string `json:"a,omitempty"`
	inner        // its fields are ours
	List  []inner
	Skip  string `json:"-"`
	Map   map[string]any
	Any   any
	Ptr   *int   `json:"ptr,omitempty"`
	Zero  inner  `json:"zero,omitzero"`
	Raw   Raw    `json:"raw"`
	lower string //nolint:unused // not exported: not written
}

func TestWritingKeepsOrderAndSortsMaps(t *testing.T) {
	got := string(Append(nil, body{
		Z: 1, inner: inner{"<&>\u2028é\x01\"\\\n"}, Map: map[string]any{"y": true, "x": []string(nil)}, Raw: `1.10`,
	}))
	want := `{"z":1,"b":"<&>` + "\u2028" + `é\u0001\"\\\n","List":[],"Map":{"x":[],"y":true},"Any":null,"raw":1.10}`
	if got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
}

func TestFloatsAndBadTextArePanics(t *testing.T) {
	for _, c := range []struct {
		value any
		says  string
	}{
		{struct {
			Total float64 `json:"total"`
		}{}, "float64 cannot be in a document: money and quantities are money.Decimal, at /total"},
		{map[string]any{"a": []any{float32(1)}}, "at /a/0"},
		{map[string]string{"name": "a\xff"}, `"a\xff" is not UTF-8, at /name`},
		{map[int]string{1: ""}, "are no strings"},
		{make(chan int), "chan int cannot be JSON"},
		{struct{ R json.RawMessage }{json.RawMessage("NaN")}, "what is written as JSON is none"},
		{map[string]Raw{"total": "NaN"}, "at byte 0, at /total"},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, c.says) {
					t.Errorf("%v: %q", c.value, text)
				}
			}()
			Append(nil, c.value)
		}()
	}
}

func TestReadingIsStrictAndPlaced(t *testing.T) {
	got := struct {
		body
		N    uint8
		Tags []string
		Deep map[string][]int
	}{body: body{A: "stays"}}
	err := Read(`{"unknown": [1, {"x": null}], "z": 7, "b": "é", "N": 255, "Tags": ["a"], "Deep": {"k": [1]}, "a": null}`, &got)
	if err != nil || got.Z != 7 || got.B != "é" || got.N != 255 || got.Tags[0] != "a" || got.Deep["k"][0] != 1 || got.A != "stays" {
		t.Error(got, err)
	}
	for text, want := range map[string]string{
		`{"z": "7"}`:           "/z: a whole number belongs here",
		`{"N": 256}`:           "/N: a whole number from 0 that fits belongs here",
		`{"Tags": ["a", 1]}`:   "/Tags/1: a text belongs here",
		`{"Deep": {"a/b": 1}}`: "/Deep/a~1b: a list belongs here",
		`[]`:                   "an object belongs here",
		`{"z": 1`:              "the text ends too early at byte 7",
	} {
		if err := Read(text, &got); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestARawValueIsReadWhenAsked(t *testing.T) {
	for raw, want := range map[Raw]string{
		`"a\u00e9"`: "aé", `1.10`: "1.10", `true`: "true", `null`: "", `[1]`: "", `{}`: "", ``: "",
	} {
		if got := raw.Text(); got != want {
			t.Errorf("%s: %q", raw, got)
		}
	}
}
