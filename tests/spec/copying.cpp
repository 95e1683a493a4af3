// SPDX-License-Identifier: BSD-2-Clause
#include <spec/copying.hpp>

namespace spec {

Capability derived(const Slot& source, const Capability& cap) {
    Capability copy = cap;
    switch (cap.type) {
    case Type::irq_control:
    case Type::io_port_control: throw illegal_operation();
    case Type::untyped:
        if (has_children(source))
            throw revoke_first();
        break;
    case Type::page_table:
    case Type::page_directory:
    case Type::pdpt:
    case Type::pml4:
        if (!cap.mapping)
            throw illegal_operation();
        break;
    case Type::frame: copy.mapping.reset(); break;
    default: break;
    }
    return copy;
}

Capability with_rights(Capability cap, Rights rights) {
    switch (cap.type) {
    case Type::endpoint:
    case Type::notification:
    case Type::reply:
    case Type::frame: cap.rights = cap.rights & rights; break;
    default: break;
    }
    return cap;
}

Capability with_datum(Capability cap, Word datum, bool mint) {
    switch (cap.type) {
    case Type::endpoint:
    case Type::notification:
        if (!mint || cap.badge != 0)
            throw illegal_operation();
        cap.badge = datum;
        break;
    case Type::cnode:
        cap.guard_bits = static_cast<unsigned>(datum & 63);
        cap.guard = low_bits(datum >> 6, cap.guard_bits);
        if (cap.guard_bits + object_of<CNode>(cap).radix > 64)
            throw illegal_operation();
        break;
    default: break;
    }
    return cap;
}

} // namespace spec
