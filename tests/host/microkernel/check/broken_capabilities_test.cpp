// SPDX-License-Identifier: BSD-2-Clause
// How to break what always holds of capabilities, of what is left of objects, and of devices.
#include "everything.hpp"

namespace test {
namespace {

constexpr Breaking all[] = {
    // --- the list and the slots ---
    {"8: the previous capability knows this one as the next",
     [](Everything& w) { kernel_state.capabilities.next()->set_previous(&w.slot(at::tcb)); }},
    {"8: the next capability knows this one as the previous",
     [](Everything& w) { w.slot(w.bell).next()->set_previous(&w.slot(at::tcb)); }},
    {"8: what is in the list is a capability, of a known type",
     [](Everything& w) { w.slot(at::domain_set).cap = Capability::control(static_cast<CapType>(31)); }},
    {"8: slots in TCBs are marked, others are not", [](Everything& w) { w.slot(w.free_slot()).mark_in_thread(); }},
    {"8: an empty slot is in no list", [](Everything& w) { w.slot(w.free_slot()).set_next(&w.slot(at::tcb)); }},
    {"8: each capability stands once in the list of all, and in a slot",
     [](Everything& w) { w.slot(w.free_slot()).cap = Capability::control(CapType::domain_set); }},

    // --- what they say ---
    {"7: frames have a known size",
     [](Everything& w) {
         w.slot(w.frame).cap = Capability::frame(w.cap(w.frame).object(), static_cast<FrameSize>(3), false);
     }},
    {"7: the kernel knows the ASID pool of a capability",
     [](Everything& w) { w.slot(at::asid_pool).cap = Capability::asid_pool(w.cap(at::asid_pool).object(), 5); }},
    {"7: the interrupt line of a handler is in use",
     [](Everything& w) { w.slot(w.handler).cap = Capability::irq_handler(99); }},
    {"7: all capabilities to an object say the same of it",
     [](Everything& w) { w.slot(w.node_copy).cap = Capability::cnode(w.cap(w.node).object(), 3); }},
    {"7: a TCB's slots hold what they are for",
     [](Everything& w) {
         insert_derived(w.idle().slot(TcbSlot::fault_handler), w.cap(w.idle_bell), w.slot(w.idle_bell));
     }},
    {"9: the first capability to an object has all rights",
     [](Everything& w) { w.slot(w.bell).cap.restrict_rights(Rights::write()); }},
    {"12: a CNode resolves at least one bit, and with its guard at most a word",
     [](Everything& w) { w.slot(w.node).cap.set_guard(abi::CNodeData(0, 63).raw()); }},

    // --- objects without a capability ---
    {"5: who is in a ready queue has a capability", [](Everything& w) { w.vanish(w.ready_cap); }},
    {"5: endpoints and who is queued there have capabilities", [](Everything& w) { w.vanish(w.queued[1]); }},
    {"5: notifications and who waits for them have capabilities", [](Everything& w) { w.vanish(w.waiter_cap); }},
    {"5: reply objects and their threads have capabilities",
     [](Everything& w) { remove_capability(w.slot(w.reply_cap)); }},
    {"5: scheduling contexts and their threads have capabilities",
     [](Everything& w) { remove_capability(w.slot(w.poor_context)); }},
    {"5: bound notifications and their threads have capabilities", [](Everything& w) { w.vanish(w.bound_cap); }},
    {"5: notifications and the contexts that they lend have capabilities",
     [](Everything& w) { remove_capability(w.slot(w.lent)); }},
    {"5: who yielded and the context it yielded to have capabilities",
     [](Everything& w) {
         w.idle().yielded_to = &w.context(w.spare);
         w.context(w.spare).yielded_from = &w.idle();
         remove_capability(w.slot(w.spare));
     }},
    {"5: contexts and the replies on top of their stacks have capabilities",
     [](Everything& w) {
         w.let_await(w.idle(), w.reply(w.idle_reply));
         w.reply(w.idle_reply).set_context(&w.context(w.spare));
         w.context(w.spare).top_reply = &w.reply(w.idle_reply);
         remove_capability(w.slot(w.spare));
     }},

    // --- what is left of CNodes and threads ---
    {"5: a thread that is going away takes part in nothing",
     [](Everything& w) { w.dying.state = ThreadState::runnable; }},
    {"41: a zombie has no more slots than its object",
     [](Everything& w) {
         const Capability zombie = w.cap(w.outer_node);
         w.slot(w.outer_node).cap = Capability::zombie(zombie.object(), zombie.radix(), 5, zombie.zombie_outer());
     }},
    {"41: what a zombie has emptied stays so",
     [](Everything& w) {
         insert_derived(w.dying.slot(TcbSlot::ipc_buffer), w.cap(at::domain_set), w.slot(at::domain_set));
     }},
    {"41: a zombie that was set aside knows the one that goes first",
     [](Everything& w) { w.outer_slots[3].cap = Capability::outer_zombie(PhysAddr{}, 2, PhysAddr{}); }},
    {"41: a zombie knows the one that it has set aside",
     [](Everything& w) {
         const Capability zombie = w.cap(w.outer_node);
         w.slot(w.outer_node).cap =
             Capability::zombie(zombie.object(), zombie.radix(), zombie.zombie_slots(), PhysAddr{});
     }},

    // --- devices ---
    {"7: interrupt lines signal notifications",
     [](Everything&) { kernel_state.irqs[Everything::line].handler.cap = Capability::control(CapType::domain_set); }},
    {"7: a line that nobody has signals nobody",
     [](Everything& w) {
         remove_capability(w.slot(w.handler));
         kernel_state.irqs[Everything::line].kind = IrqLine::Kind::free;
     }},
    {"7: every interrupt line in use has a handler",
     [](Everything&) { kernel_state.irqs[50].kind = IrqLine::Kind::msi; }},
    {"7: every I/O port that has been issued is in one capability",
     [](Everything&) { kernel_state.issued_ports[0] |= 1; }},
    {"7: every ASID pool that the kernel knows has a capability",
     [](Everything&) { kernel_state.asid_pools[3] = true; }},
};

} // namespace

std::span<const Breaking> breakings_of_capabilities() { return all; }

} // namespace test
