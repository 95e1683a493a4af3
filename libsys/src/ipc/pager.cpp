// SPDX-License-Identifier: BSD-2-Clause
#include <sys/ipc/pager.hpp>

namespace sys {

Result<Received> PagerPort::map_receive(std::span<const MapItem> items, unsigned* mapped) const {
    if (items.size() > abi::max_items)
        return Error(ErrorCode::too_long, abi::max_items);
    raw::Registers message{.target = endpoint_.slot()};
    Word* const first[] = {&message.mr0, &message.mr1, &message.mr2, &message.mr3};
    unsigned length = 0;
    const auto put = [&](Word word) {
        if (length < abi::register_message_words)
            *first[length] = word;
        else
            raw::ipc_buffer()->message[length] = word;
        ++length;
    };
    for (const MapItem& item : items) {
        put(item.capability.slot());
        put(item.place.raw());
        if (item.place.copies())
            put(item.copy_to.slot());
    }
    message.info = abi::MessageInfo(static_cast<Word>(abi::PagerAnswer::map), length).raw();
    return answer(message, mapped);
}

Result<Received> PagerPort::deny_receive(uint8_t code) const {
    raw::Registers message{.target = endpoint_.slot(),
                           .info = abi::MessageInfo(static_cast<Word>(abi::PagerAnswer::deny), 1).raw(),
                           .mr0 = code};
    return answer(message, nullptr);
}

Result<Received> PagerPort::forward_receive(Endpoint pager, Word cookie, abi::PageRights rights) const {
    raw::Registers message{.target = endpoint_.slot(),
                           .info = abi::MessageInfo(static_cast<Word>(abi::PagerAnswer::forward), 3).raw(),
                           .mr0 = pager.slot(),
                           .mr1 = cookie,
                           .mr2 = rights.raw()};
    return answer(message, nullptr);
}

} // namespace sys
