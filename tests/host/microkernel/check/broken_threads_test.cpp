// SPDX-License-Identifier: BSD-2-Clause
// How to break what always holds of threads, of what is bound to them, and of who runs.
#include "everything.hpp"

#include <sched/scheduler.hpp>

namespace test {
namespace {

/// Another thread runs, on a context of its own; then both lose their capabilities.
void lose_the_running_thread(Everything& world) {
    Tcb& thread = world.thread(world.spare_thread_cap);
    bind_context(world.context(world.spare), thread);
    world.run(thread);
    world.vanish(world.spare_thread_cap);
    remove_capability(world.slot(world.spare));
}

constexpr Breaking all[] = {
    // --- state ---
    {"24: threads are in a known state", [](Everything& w) { w.idle().state = static_cast<ThreadState>(9); }},
    {"24: a thread is in a ready queue exactly if it could run and does not",
     [](Everything& w) { w.ready_too().in_ready_queue = false; }},
    {"24: a ready thread is in the queue of its priority", [](Everything& w) { w.ready().priority = 11; }},
    {"24: a sending or receiving thread is queued on its endpoint",
     [](Everything& w) { w.in_queue(0).endpoint = &w.endpoint(w.idle_endpoint); }},
    {"24: a waiting thread is queued on its notification",
     [](Everything& w) { w.waiter().waits_on = &w.notification(w.idle_bell); }},
    {"26: faults are of a known type", [](Everything& w) { w.idle().fault.type = static_cast<abi::Fault>(99); }},
    {"26: a thread with a pending fault waits for its handler, or is parked",
     [](Everything& w) { w.ready().fault.type = abi::Fault::vm_fault; }},

    {"42: a keeper is asked, or the supervisor for a reason",
     [](Everything& w) { w.client.fault.type = abi::Fault::keeper_fault; }},
    {"42: a code of denial comes from a keeper that denied",
     [](Everything& w) {
         w.client.fault.type = abi::Fault::keeper_fault;
         w.client.keeper.keeper = 5;
         w.client.keeper.denial = 1;
     }},
    {"42: the answer to a keeper fault maps only as long as the thread has its keeper table",
     [](Everything& w) {
         w.client.fault.type = abi::Fault::keeper_fault;
         w.client.keeper.keeper = 5;
     }},

    // --- registers, and what is known of capabilities ---
    {"29: saved addresses are canonical", [](Everything& w) { w.ready().context.rip = bit(63); }},
    {"29: saved flags are what user code may have", [](Everything& w) { w.ready().context.rflags = 0; }},
    {"29: threads run in ring 3", [](Everything& w) { w.ready().context.cs = 8; }},
    {"29: a thread entered the kernel in a known way", [](Everything& w) { w.ready().context.origin = 300; }},
    {"29: saved FPU state can be loaded", [](Everything& w) { w.ready().fpu[512 + 8] = 1; }},
    {"40: what a thread knows of its CSpace is what its capability says",
     [](Everything& w) { w.idle().cspace = QuickCSpace(); }},
    {"40: a thread without a frame for it has no IPC buffer",
     [](Everything& w) { remove_capability(w.idle().slot(TcbSlot::ipc_buffer)); }},
    {"40: an IPC buffer lies in its frame", [](Everything& w) { w.idle().buffer += 8; }},

    // --- who belongs to whom ---
    {"13: a thread and its reply object know each other",
     [](Everything& w) { w.ready().reply = &w.reply(w.idle_reply); }},
    {"13: a reply object and its thread know each other",
     [](Everything& w) { w.reply(w.idle_reply).thread = &w.ready(); }},
    {"13: a thread that awaits a reply has a reply object", [](Everything& w) { w.client.reply = nullptr; }},
    {"13: only receiving and calling threads have a reply object",
     [](Everything& w) {
         w.reply(w.idle_reply).thread = &w.ready();
         w.ready().reply = &w.reply(w.idle_reply);
     }},
    {"36: a thread's scheduling context is bound to it",
     [](Everything& w) { w.server.sched_context = &w.context(w.lent); }},
    {"36: a thread's bound notification knows the thread",
     [](Everything& w) { w.ready().bound_notification = &w.notification(w.bell); }},
    {"36: the context that a thread yielded to knows the thread",
     [](Everything& w) { w.ready().yielded_to = &w.context(w.lent); }},
    {"36: a context's thread runs on it", [](Everything& w) { w.context(w.lent).thread = &w.waiter(); }},
    {"36: a context's notification knows the context",
     [](Everything& w) { w.context(w.poor_context).notification = &w.notification(w.bell); }},
    {"36: the thread that yielded to a context knows the context",
     [](Everything& w) { w.context(w.lent).yielded_from = &w.ready(); }},
    {"36: a notification's bound thread knows it",
     [](Everything& w) { w.notification(w.idle_bell).bound = &w.ready(); }},
    {"36: a notification's context knows it", [](Everything& w) { w.context(w.lent).notification = nullptr; }},

    // --- who runs ---
    {"23: no decision is pending between kernel entries", [](Everything&) { cpu.candidate = cpu.current; }},
    {"23: the running thread can run", [](Everything& w) { w.running().state = ThreadState::stopped; }},
    {"23: nobody idles while a thread is ready",
     [](Everything& w) {
         w.running().state = ThreadState::stopped;
         cpu.current = nullptr;
     }},
    {"23: the running thread's context pays", [](Everything& w) { cpu.context = &w.context(w.lent); }},
    {"23: the running thread has a capability", lose_the_running_thread},
    {"27: nobody is ready above the running thread", [](Everything& w) { w.running().priority = 5; }},
};

} // namespace

std::span<const Breaking> breakings_of_threads() { return all; }

} // namespace test
