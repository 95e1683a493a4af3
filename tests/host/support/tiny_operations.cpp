// SPDX-License-Identifier: BSD-2-Clause
// What may happen in the tiny world: every method that moves, makes or ends something, and all ways to wait and to wake.
#include <support/tiny_world.hpp>

namespace test {
namespace {

using World = TinyWorld;

constexpr Word depth = 64;

void retype(World& w, Tcb& me, ObjectType type, Word size_bits, Word count = 1) {
    w.invoke(me, at::untyped, Method::untyped_retype, {static_cast<Word>(type), size_bits, 0, 0, w.fresh, count},
             {at::cnode});
}

void copy(World& w, Tcb& me, Word from, Rights rights = Rights::all()) {
    w.invoke(me, at::cnode, Method::cnode_copy, {w.fresh, depth, from, depth, rights.raw()}, {at::cnode});
}

/// Into slot `index` of the inner CNode.
void put_away(World& w, Tcb& me, Word index, Word from) {
    w.invoke(me, w.node, Method::cnode_move, {index, depth, from, depth}, {at::cnode});
}

void remove(World& w, Tcb& me, Word index) { w.invoke(me, at::cnode, Method::cnode_delete, {index, depth}); }

void revoke(World& w, Tcb& me, Word index) { w.invoke(me, at::cnode, Method::cnode_revoke, {index, depth}); }

constexpr Operation all[] = {
    {"the timer fires", [](World& w, Tcb&) { w.fire_timer(); }},

    // --- making and giving away ---
    {"make an endpoint", [](World& w, Tcb& me) { retype(w, me, ObjectType::endpoint, 0); }},
    {"make a CNode", [](World& w, Tcb& me) { retype(w, me, ObjectType::cnode, 1); }},
    {"make a thread", [](World& w, Tcb& me) { retype(w, me, ObjectType::tcb, 0); }},
    {"copy the endpoint, to send only", [](World& w, Tcb& me) { copy(w, me, w.endpoint, Rights::write()); }},
    {"copy the thread", [](World& w, Tcb& me) { copy(w, me, w.other); }},
    {"badge the endpoint",
     [](World& w, Tcb& me) {
         w.invoke(me, at::cnode, Method::cnode_mint, {w.fresh, depth, w.endpoint, depth, 15, 5}, {at::cnode});
     }},
    {"move the endpoint into the inner CNode", [](World& w, Tcb& me) { put_away(w, me, 3, w.endpoint); }},
    {"move the thread into the inner CNode", [](World& w, Tcb& me) { put_away(w, me, 2, w.other); }},
    {"move the inner CNode into itself", [](World& w, Tcb& me) { put_away(w, me, 1, w.node); }},
    {"swap endpoint and notification",
     [](World& w, Tcb& me) {
         w.invoke(me, at::cnode, Method::cnode_rotate,
                  {w.endpoint, depth, 0, w.notification, depth, 0, w.endpoint, depth}, {at::cnode, at::cnode});
     }},
    {"the other thread lives in the inner CNode",
     [](World& w, Tcb& me) { w.invoke(me, w.other, Method::tcb_set_space, {0, 0}, {0, w.node, at::vspace}); }},

    // --- ending ---
    {"delete the endpoint", [](World& w, Tcb& me) { remove(w, me, w.endpoint); }},
    {"delete the reply object", [](World& w, Tcb& me) { remove(w, me, w.reply); }},
    {"delete the other thread", [](World& w, Tcb& me) { remove(w, me, w.other); }},
    {"delete the inner CNode", [](World& w, Tcb& me) { remove(w, me, w.node); }},
    {"delete what was made", [](World& w, Tcb& me) { remove(w, me, w.fresh); }},
    {"revoke the endpoint", [](World& w, Tcb& me) { revoke(w, me, w.endpoint); }},
    {"revoke the outer CNode", [](World& w, Tcb& me) { revoke(w, me, at::cnode); }},
    {"revoke the untyped", [](World& w, Tcb& me) { revoke(w, me, at::untyped); }},
    {"begin to revoke the untyped",
     [](World& w, Tcb&) { w.interrupted(2, at::cnode, Method::cnode_revoke, {at::untyped, depth}); }},
    {"begin to delete the inner CNode",
     [](World& w, Tcb&) { w.interrupted(2, at::cnode, Method::cnode_delete, {w.node, depth}); }},
    {"begin to delete the other thread",
     [](World& w, Tcb&) { w.interrupted(3, at::cnode, Method::cnode_delete, {w.other, depth}); }},
    {"take back what was sent with a badge",
     [](World& w, Tcb& me) { w.invoke(me, at::cnode, Method::cnode_cancel_badged_sends, {w.fresh, depth}); }},

    // --- threads and their time ---
    {"suspend the other thread", [](World& w, Tcb& me) { w.invoke(me, w.other, Method::tcb_suspend); }},
    {"suspend oneself", [](World& w, Tcb& me) { w.invoke(me, at::tcb, Method::tcb_suspend); }},
    {"resume the other thread", [](World& w, Tcb& me) { w.invoke(me, w.other, Method::tcb_resume); }},
    {"lower the other thread",
     [](World& w, Tcb& me) { w.invoke(me, w.other, Method::tcb_set_priority, {100}, {at::tcb}); }},
    {"bind the notification to the other thread",
     [](World& w, Tcb& me) { w.invoke(me, w.other, Method::tcb_bind_notification, {}, {w.notification}); }},
    {"unbind the other context",
     [](World& w, Tcb& me) { w.invoke(me, w.other_context, Method::sched_context_unbind); }},
    {"bind the other context to the notification",
     [](World& w, Tcb& me) { w.invoke(me, w.other_context, Method::sched_context_bind, {}, {w.notification}); }},
    {"yield to the other context",
     [](World& w, Tcb& me) { w.invoke(me, w.other_context, Method::sched_context_yield_to); }},
    {"give the other context less time",
     [](World& w, Tcb& me) {
         w.invoke(me, at::sched_control, Method::sched_control_configure_flags, {100, 1000, 0, 0, 0},
                  {w.other_context});
     }},
    {"yield", [](World& w, Tcb& me) { w.enter(me, Syscall::yield, 0); }},

    // --- messages ---
    {"call", [](World& w, Tcb& me) { w.send(me, w.endpoint, 1, {7, 8}, {}, Syscall::call); }},
    {"call by the one that was made", [](World& w, Tcb& me) { w.send(me, w.fresh, 1, {7}, {}, Syscall::call); }},
    {"receive", [](World& w, Tcb& me) { w.receive(me, w.endpoint, w.reply); }},
    {"answer", [](World& w, Tcb& me) { w.send(me, w.reply, 2, {9}); }},
    {"signal", [](World& w, Tcb& me) { w.send(me, w.notification, 0); }},
    {"wait", [](World& w, Tcb& me) { w.receive(me, w.notification, 0, Syscall::wait); }},
    {"a page fault", [](World& w, Tcb&) { w.exception(14, 0x1000, 4, 0x5000); }},
};

} // namespace

std::span<const Operation> operations() { return all; }

} // namespace test
