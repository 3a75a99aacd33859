/*
 * CPF and CNPJ: the tax numbers of people and companies in Brazil. A shop has them from a plug-in, in
 * `billing.cpf` and `billing.cnpj` or in the meta entries `_billing_cpf` and `_billing_cnpj`. Their check
 * digits are tested here, because every ERP refuses wrong ones later and less clearly.
 */
#ifndef MAPWRIGHT_BRAZIL_H
#define MAPWRIGHT_BRAZIL_H

#include "woocommerce.h"

typedef enum mw_tax_id_kind {
    MW_NO_TAX_ID,
    MW_CPF,  /* A person's, 11 digits. */
    MW_CNPJ, /* A company's, 14 characters; since 2026 the first twelve may be letters. */
} mw_tax_id_kind;

/* A tax number with valid check digits, or MW_NO_TAX_ID. */
typedef struct mw_tax_id {
    mw_tax_id_kind kind;
    mw_text plain;      /* `52998224725` */
    mw_text punctuated; /* `529.982.247-25`, `11.222.333/0001-81` */
} mw_tax_id;

/* Reads a tax number, punctuated or not. */
mw_tax_id mw_parse_tax_id(mw_tax_id_kind kind, mw_text text);
/* The buyer's number, company before person. A wrong one is noted under `billing`, the address's place. */
mw_tax_id mw_tax_id_of(const mw_order *order, mw_pointer billing, mw_violations *found);

#endif
