// SPDX-License-Identifier: BSD-2-Clause
#include <pager/capabilities.hpp>

#include <pager/clock.hpp>
#include <pager/startup.hpp>
#include <sys/cap/cnode.hpp>
#include <sys/ipc/message.hpp>
#include <sys/protocol/pager_startup.hpp>

namespace pager::capabilities {

namespace {

namespace layout = sys::protocol::pager_startup;
constexpr sys::CNode root{sys::slot::cnode};
constexpr sys::Rights give_and_call = sys::Rights::write() | sys::Rights::grant() | sys::Rights::grant_reply();

unsigned depth() { return static_cast<unsigned>(startup().root_bits) + layout::leaf_bits + layout::copy_bits; }
sys::SlotRef slot(Word number) { return root.at(number, depth()); }

Result<void> keep(Word number) {
    static_cast<void>(slot(number).remove());
    return slot(number).move_from(slot(layout::receive_slot));
}

} // namespace

void expect() { sys::set_receive_slot(root, layout::receive_slot, depth()); }
void drop_received() { static_cast<void>(slot(layout::receive_slot).remove()); }

Result<sys::Object> of_object(Word number) {
    const sys::SlotRef place = slot(layout::object_slot);
    TRY(place.remove());
    TRY(place.mint_from(slot(sys::slot::endpoint), give_and_call, number));
    return sys::Object(layout::object_slot);
}

Result<void> keep_swap_server() { return keep(layout::swap_slot); }
sys::Endpoint swap_server() { return sys::Endpoint(layout::swap_slot); }

Result<void> keep_watcher(unsigned index) { return keep(layout::first_watcher_slot + index); }
void signal_watcher(unsigned index) { sys::Notification(layout::first_watcher_slot + index).signal_untrusted(); }

} // namespace pager::capabilities

namespace pager {

void signal_pressure(const Client& client) { capabilities::signal_watcher(client.watcher - 1); }

} // namespace pager
