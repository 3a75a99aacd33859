/* Who buys, and where they live. */
#include "party.h"

static mw_json *typed(const char *type, const char *name, mw_text value)
{
    mw_json *json = mw_object();
    mw_put(json, "type", type);
    mw_put(json, name, value);
    return json;
}

/* A telephone with its country code, as Tryton wants one; anything else is kept as "other". */
static void add_phone(mw_json *contacts, const mw_address *billing)
{
    mw_text text = mw_extra_text(&billing->extra, "cellphone");
    if (mw_is_empty(text)) text = billing->phone;
    text = mw_trim(text);
    mw_text digits = mw_digits(text);
    if (mw_is_empty(text)) return;
    if (mw_starts_with(text, "+")) {
        mw_push(contacts, typed("phone", "value", mw_concat("+", digits)));
    } else if (mw_equal(billing->country, "BR") && (digits.len == 10 || digits.len == 11)) {
        mw_push(contacts, typed("phone", "value", mw_concat("+55", digits)));
    } else {
        mw_push(contacts, typed("other", "value", text));
    }
}

party party_of(const mw_order *order, const settings *settings, mw_violations *found)
{
    const mw_address *billing = &order->billing;
    mw_tax_id tax_id = mw_tax_id_of(order, mw_at("billing"), found);
    mw_text email = mw_lower(mw_trim(billing->email));
    mw_text key = !mw_is_guest(order)         ? order->customer_id
        : tax_id.kind != MW_NO_TAX_ID         ? tax_id.plain
        : !mw_is_empty(email)                 ? email
                                              : mw_concat("ORDER-", order->id);
    mw_text company = mw_trim(billing->company);
    bool is_company = tax_id.kind == MW_CNPJ && !mw_is_empty(company);
    mw_text name = is_company ? company : mw_full_name(billing);
    if (mw_is_empty(name)) {
        mw_violate(found, mw_at("billing"), "name_missing", "the order does not say who buys");
    }
    if (mw_is_no_address(billing)) {
        mw_violate(found, mw_at("billing"), "address_missing", "the order has no billing address");
    }

    mw_json *body = mw_object();
    mw_put(body, "name", name);
    if (tax_id.kind != MW_NO_TAX_ID) {
        /* Tryton checks these and keeps them as they are typed. It names a country's tax number by the
           country, not as people there do: a CNPJ is a `br_vat`. */
        mw_json *identifiers = mw_array();
        mw_push(identifiers, typed(tax_id.kind == MW_CPF ? "br_cpf" : "br_vat", "code", tax_id.punctuated));
        mw_put(body, "identifiers", identifiers);
    }
    mw_json *contacts = mw_array();
    if (!mw_is_empty(email)) mw_push(contacts, typed("email", "value", email));
    add_phone(contacts, billing);
    if (mw_count(contacts) > 0) mw_put(body, "contact_mechanisms", contacts);
    return (party){mw_concat(settings->prefix, key), name, body};
}

/* FNV-1a: short, and the same for ever. */
static mw_text fingerprint(mw_text words)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < words.len; i++) hash = (hash ^ (unsigned char)words.ptr[i]) * 0x100000001b3;
    char *digits = MW_NEW_ARRAY(char, 16);
    for (size_t i = 16; i-- > 0; hash >>= 4) digits[i] = "0123456789abcdef"[hash & 15];
    return mw_bytes(digits, 16);
}

party_address party_address_of(const party *party, const mw_address *address, const settings *settings)
{
    mw_text street = mw_trim(address->address_1);
    mw_text number = mw_extra_text(&address->extra, "number");
    if (!mw_is_empty(number)) street = mw_concat(street, ", ", mw_trim(number));
    mw_text more[] = {mw_trim(address->address_2), mw_trim(mw_extra_text(&address->extra, "neighborhood"))};
    for (size_t i = 0; i < 2; i++) {
        if (!mw_is_empty(more[i])) street = mw_concat(street, "\n", more[i]);
    }
    mw_text recipient = mw_full_name(address);
    if (mw_equal(recipient, party->name)) recipient = MW_EMPTY;
    mw_text postal_code = mw_trim(address->postcode), city = mw_trim(address->city);
    mw_maybe_text subdivision = mw_subdivision(address);

    mw_json *body = mw_object();
    mw_put(body, "party", mw_reference("party", party->key));
    if (!mw_is_empty(recipient)) mw_put(body, "party_name", recipient);
    mw_put(body, "street", street);
    mw_put(body, "postal_code", postal_code);
    mw_put(body, "city", city);
    if (!mw_is_empty(address->country)) mw_put(body, "country", mw_reference("country", address->country));
    if (subdivision.present && settings->subdivisions) {
        mw_put(body, "subdivision", mw_reference("subdivision", subdivision.text));
    }
    mw_text words = mw_concat(recipient, "\x1f", street, "\x1f", postal_code, "\x1f", city, "\x1f", address->state,
        "\x1f", address->country);
    return (party_address){mw_concat(party->key, "/", fingerprint(words)), body};
}
