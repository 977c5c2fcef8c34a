#include "io/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range {
    uint8_t begins[16];
    unsigned bits;
};

static bool is_within(const uint8_t *address, const struct range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned whole = ranges[i].bits / 8, rest = ranges[i].bits % 8;
        unsigned mask = rest ? 0xffU << (8 - rest) & 0xffU : 0;
        if (memcmp(address, ranges[i].begins, whole) == 0 &&
            ((address[whole] ^ ranges[i].begins[whole]) & mask) == 0) {
            return true;
        }
    }
    return false;
}

// IANA's registry of special-purpose IPv4 addresses, multicast and what is reserved.
static bool v4_is_public(const uint8_t address[4]) {
    static const struct range special[] = {
        {{0}, 8},
        {{10}, 8},
        {{100, 64}, 10},
        {{127}, 8},
        {{169, 254}, 16},
        {{172, 16}, 12},
        {{192, 0, 0}, 24},
        {{192, 0, 2}, 24},
        {{192, 88, 99}, 24},
        {{192, 168}, 16},
        {{198, 18}, 15},
        {{198, 51, 100}, 24},
        {{203, 0, 113}, 24},
        {{224}, 4},
        {{240}, 4},
    };
    return !is_within(address, special, sizeof(special) / sizeof(special[0]));
}

// Of IPv6 only 2000::/3 is given out; in it lie tunnels, which end who knows where, and addresses
// for books.
static bool v6_is_public(const uint8_t address[16]) {
    static const struct range given = {{0x20}, 3};
    static const struct range carries_v4[] = {
        {{[10] = 0xff, [11] = 0xff}, 96},  // ::ffff:0:0, mapped
        {{0x00, 0x64, 0xff, 0x9b}, 96},    // 64:ff9b::, translated
    };
    static const struct range special[] = {
        {{0x20, 0x01}, 23},              // protocols, Teredo among them
        {{0x20, 0x01, 0x0d, 0xb8}, 32},  // for books
        {{0x20, 0x02}, 16},              // 6to4
        {{0x3f, 0xff}, 20},              // for books
    };
    if (is_within(address, carries_v4, sizeof(carries_v4) / sizeof(carries_v4[0]))) {
        return v4_is_public(address + 12);
    }
    return is_within(address, &given, 1) &&
           !is_within(address, special, sizeof(special) / sizeof(special[0]));
}

bool address_is_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        return v4_is_public((const uint8_t *)&v4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        return v6_is_public(v6.sin6_addr.s6_addr);
    }
    return false;
}

bool address_text_is_public(const char *text) {
    uint8_t bytes[16];
    if (text && inet_pton(AF_INET, text, bytes) == 1) {
        return v4_is_public(bytes);
    }
    return text && inet_pton(AF_INET6, text, bytes) == 1 && v6_is_public(bytes);
}
