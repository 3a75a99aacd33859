/*
 * CPF and CNPJ: reading, check digits (modulus 11), punctuation.
 */
#include "internal.h"

/* One check digit: weights from 2 up to `heaviest` and around again, from the right. Letters count as their
   ASCII code less 48, as digits do. */
static char check_digit(const char *plain, size_t length, unsigned heaviest)
{
    unsigned sum = 0, weight = 2;
    for (size_t at = length; at-- > 0;) {
        sum += (unsigned)(plain[at] - '0') * weight;
        weight = weight == heaviest ? 2 : weight + 1;
    }
    return (char)('0' + sum * 10 % 11 % 10);
}

mw_tax_id mw_parse_tax_id(mw_tax_id_kind kind, mw_text text)
{
    const mw_tax_id none = {0};
    size_t wanted = kind == MW_CPF ? 11 : 14, length = 0;
    unsigned heaviest = kind == MW_CPF ? 11 : 9;
    char *plain = mw_alloc(wanted);
    bool repeated = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' || c == '-' || c == '/' || c == ' ') continue;
        if (c >= 'a' && c <= 'z') c = (char)(c - 32);
        bool letter = kind == MW_CNPJ && length < 12 && c >= 'A' && c <= 'Z';
        if (length == wanted || !((c >= '0' && c <= '9') || letter)) return none;
        plain[length++] = c;
        repeated = repeated && c == plain[0];
    }
    if (length != wanted || repeated || plain[wanted - 2] != check_digit(plain, wanted - 2, heaviest)
        || plain[wanted - 1] != check_digit(plain, wanted - 1, heaviest)) {
        return none;
    }
    const char *shape = kind == MW_CPF ? "###.###.###-##" : "##.###.###/####-##";
    char *punctuated = mw_alloc(18);
    size_t at = 0;
    for (const char *digit = plain; shape[at] != 0; at++) punctuated[at] = shape[at] == '#' ? *digit++ : shape[at];
    return (mw_tax_id){kind, {plain, wanted}, {punctuated, at}};
}

mw_tax_id mw_tax_id_of(const mw_order *order, mw_pointer billing, mw_violations *found)
{
    static const struct {
        mw_tax_id_kind kind;
        const char *field, *meta, *name;
    } places[] = {{MW_CNPJ, "cnpj", "_billing_cnpj", "CNPJ"}, {MW_CPF, "cpf", "_billing_cpf", "CPF"}};
    for (size_t i = 0; i < 2; i++) {
        mw_text text = mw_extra_text(&order->billing.extra, places[i].field);
        if (mw_is_empty(text)) text = mw_meta_text(order->meta_data, places[i].meta);
        if (mw_is_empty(mw_trim(text))) continue;
        mw_tax_id id = mw_parse_tax_id(places[i].kind, text);
        if (id.kind == MW_NO_TAX_ID) {
            mw_violate(found, mw_at(billing, places[i].field), mw_concat(places[i].field, "_invalid"),
                mw_concat("`", text, "` is no valid ", places[i].name, ": look at its check digits"));
        }
        return id;
    }
    return (mw_tax_id){0};
}
