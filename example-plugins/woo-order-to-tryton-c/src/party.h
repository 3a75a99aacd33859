/* Who buys, and where they live. */
#ifndef PARTY_H
#define PARTY_H

#include "settings.h"

/* A party and the key it is known by for ever. */
typedef struct party {
    mw_text key;
    mw_text name;
    mw_json *body;
} party;

/* An address and its key: other words make another address, since old orders keep theirs. */
typedef struct party_address {
    mw_text key;
    mw_json *body;
} party_address;

/* The buyer: an account by its id; a guest by tax number, else e-mail, else the order itself, so that a guest
   who comes back is the same party and two guests never become one. */
party party_of(const mw_order *order, const settings *settings, mw_violations *found);

/* One of the party's addresses. */
party_address party_address_of(const party *party, const mw_address *address, const settings *settings);

#endif
