package brazil

import "testing"

func TestValidNumbersAreTakenInAnyWriting(t *testing.T) {
	for _, c := range []struct {
		kind       Kind
		text, want string
	}{
		{CPF, "52998224725", "529.982.247-25"},
		{CPF, "529.982.247-25", "529.982.247-25"},
		{CNPJ, "11222333000181", "11.222.333/0001-81"},
		{CNPJ, "12.abc.345/01de-35", "12.ABC.345/01DE-35"},
	} {
		if id, ok := Parse(c.kind, c.text); !ok || id.String() != c.want {
			t.Error(c, id, ok)
		}
	}
}

func TestWrongNumbersAreRefused(t *testing.T) {
	for text, kind := range map[string]Kind{
		"52998224726": CPF, "11111111111": CPF, "5299822472": CPF, "5299822472A": CPF,
		"11222333000182": CNPJ, "ação ação ação": CNPJ, "": CNPJ,
	} {
		if id, ok := Parse(kind, text); ok {
			t.Error(text, id)
		}
	}
}
