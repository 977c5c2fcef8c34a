// Which internet addresses belong to everybody, and which to a machine, a house or nobody.
//
// A URL that a stranger may name must not reach the loopback, the house's own networks or a cloud's
// metadata service. What matters is the address that is connected to, not the name it has.
#ifndef TASKFIT_IO_ADDRESS_H
#define TASKFIT_IO_ADDRESS_H

#include <stdbool.h>

struct sockaddr;

// True: an IPv4 or IPv6 address of the public internet. IPv4 within IPv6 is judged as IPv4.
bool address_is_public(const struct sockaddr *address);
bool address_text_is_public(const char *text);  // "127.0.0.1", "::1"; no address: false

#endif
