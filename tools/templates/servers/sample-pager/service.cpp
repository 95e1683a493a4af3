// SPDX-License-Identifier: BSD-2-Clause
// A fault is a message; its answer is a page, or a reason.
#include <servers/sample-pager/service.hpp>

namespace sample_pager {

Answer Pager::answer(const sys::KeeperFault& fault) {
    const auto denied = [](Denied why) { return Answer{.why = why}; };
    if (fault.address < region_.start || fault.address - region_.start >= region_.pages * page_size)
        return denied(Denied::outside);
    if (fault.info.is_fetch() || (fault.info.is_write() && !region_.writable))
        return denied(Denied::not_allowed);
    if (frames_.empty())
        return denied(Denied::out_of_frames);
    const abi::PageRights rights = sys::PageAccess{.write = region_.writable}.page_rights();
    const sys::Frame frame = frames_.front();
    frames_ = frames_.subspan(1);
    return {.item = {frame, abi::Place(fault.address & ~(page_size - 1), rights)}, .maps = true};
}

sys::Result<sys::Received> serve(const sys::PagerPort& port, Pager& pager) {
    sys::Received received = port.receive();
    while (sys::KeeperFault::is_one(received)) {
        const Answer answer = pager.answer(sys::KeeperFault::from(received));
        received = TRY(answer.maps ? port.map_receive(answer.item.capability, answer.item.place)
                                   : port.deny_receive(static_cast<uint8_t>(answer.why)));
    }
    return received;
}

} // namespace sample_pager
