// SPDX-License-Identifier: BSD-2-Clause
// Every method label on every type of capability, with too little, with nothing and with the wrong type everywhere.
#include <sys/cap/asid.hpp>
#include <sys/cap/irq.hpp>
#include <tests/system/lib/invoke.hpp>
#include <tests/system/objects/method_table.hpp>

using abi::Invocation;
using methods::Method;
using methods::Type;
using test::Answer;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::Place;
using test::Word;

namespace {

constexpr Word vector = 99;
constexpr uint16_t first_port = 0x80, last_port = 0x83;
/// Labels that nobody has: 0, the gap, far above, all 52 bits.
constexpr Word foreign_labels[] = {
    0, 59, 60, 61, 62, 63, 76, 77, 100, 255, 0x1'0001, Word{1} << 51, (Word{1} << 52) - 1};

/// One capability of each type, in a slot of its own.
class Zoo {
public:
    sys::Result<void> make() {
        for (Place& place : places_)
            new (&place) Place(TRY(Place::take()));
        memory_ = TRY(test::make_untyped(17));
        TRY(object(Type::untyped, abi::ObjectType::untyped, 12));
        TRY(object(Type::tcb, abi::ObjectType::tcb));
        TRY(object(Type::endpoint, abi::ObjectType::endpoint));
        TRY(object(Type::notification, abi::ObjectType::notification));
        TRY(object(Type::cnode, abi::ObjectType::cnode, 3));
        TRY(object(Type::sched_context, abi::ObjectType::sched_context, 8));
        TRY(object(Type::reply, abi::ObjectType::reply));
        TRY(object(Type::pdpt, abi::ObjectType::pdpt));
        TRY(object(Type::pml4, abi::ObjectType::pml4));
        TRY(object(Type::frame, abi::ObjectType::frame_4k));
        TRY(object(Type::page_table, abi::ObjectType::page_table));
        TRY(object(Type::page_directory, abi::ObjectType::page_directory));
        TRY(sys::AsidPool(abi::root_slot::asid_pool).assign(sys::VSpace(slot(Type::pml4))));
        TRY(sys::IrqControl(abi::root_slot::irq_control).get_msi(place(Type::irq_handler), {}, 0, vector));
        TRY(sys::IoPortControl(abi::root_slot::io_port_control).issue(first_port, last_port, place(Type::io_port)));
        TRY(copy(Type::asid_control, abi::root_slot::asid_control));
        TRY(copy(Type::asid_pool, abi::root_slot::asid_pool));
        TRY(copy(Type::domain_set, abi::root_slot::domain_set));
        return copy(Type::sched_control, test::sched_control().slot());
    }

    /// IRQControl and IOPortControl cannot be copied: those are the root task's own.
    Word slot(Type type) const {
        if (type == Type::irq_control)
            return abi::root_slot::irq_control;
        if (type == Type::io_port_control)
            return abi::root_slot::io_port_control;
        return places_[static_cast<unsigned>(type)].number();
    }
    AnyCap operator[](Type type) const { return slot(type); }
    sys::SlotRef place(Type type) const { return places_[static_cast<unsigned>(type)].ref(); }

private:
    sys::Result<void> object(Type type, abi::ObjectType kind, unsigned size_bits = 0) {
        return memory_->retype_into(kind, size_bits, own_cnode(), slot(type));
    }
    sys::Result<void> copy(Type type, Word from) { return place(type).copy_from(test::space().at(from)); }

    Cap<sys::Untyped> memory_;
    Place places_[static_cast<unsigned>(Type::count)];
};

/// To invoke these is to send.
bool has_no_methods(Type type) { return type == Type::endpoint || type == Type::notification || type == Type::reply; }

template <class Action>
void for_each_type(Action action) {
    for (unsigned i = 0; i < static_cast<unsigned>(Type::count); ++i)
        action(static_cast<Type>(i));
}

Answer with_words(AnyCap target, Word label, unsigned words, unsigned caps, AnyCap cap) {
    static constexpr Word zeros[16] = {};
    const AnyCap three[] = {cap, cap, cap};
    return invoke(target, label, std::span(zeros, words), std::span(three, caps));
}

} // namespace

SYSTEM_TEST("a label that a type does not know is an illegal operation, on a null capability an invalid one") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    for_each_type([&](Type type) {
        if (has_no_methods(type))
            return;
        const auto expect = [&](Word label) {
            const Answer answer = invoke(zoo[type], label, {1, 2, 3, 4, 5, 6, 7, 8}, {Word{0}, Word{0}, Word{0}});
            if (type == Type::null)
                CHECK_ANSWER(answer, invalid_capability, 0);
            else
                CHECK_ANSWER(answer, illegal_operation);
        };
        for (const Method& method : methods::all)
            if (method.type != type)
                expect(method.label);
        for (const Word label : foreign_labels)
            expect(label);
    });
}

SYSTEM_TEST("every method with fewer words than it needs is a truncated message, however few") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    for (const Method& method : methods::all) {
        if (method.label == 26) // the legacy Get is an illegal operation, whatever it is told
            continue;
        for (unsigned words = 0; words < method.words; ++words)
            CHECK_ANSWER(with_words(zoo[method.type], method.label, words, 3, zoo[Type::tcb]), truncated_message);
    }
}

SYSTEM_TEST("every method with fewer capabilities than it needs is a truncated message, however few") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    for (const Method& method : methods::all) {
        if (method.label == 26)
            continue;
        for (unsigned caps = 0; caps < method.caps; ++caps)
            CHECK_ANSWER(with_words(zoo[method.type], method.label, 16, caps, zoo[Type::tcb]), truncated_message);
    }
}

SYSTEM_TEST("IRQControl.Get, the legacy call, is an illegal operation") {
    CHECK_ANSWER(invoke(abi::root_slot::irq_control, Invocation::irq_control_get, {1, 0, 64}, {own_cnode()}),
                 illegal_operation);
    CHECK_ANSWER(invoke(abi::root_slot::irq_control, Invocation::irq_control_get), illegal_operation);
}

SYSTEM_TEST("a PML4 has no methods, with ASID or without") {
    REQUIRE_VALUE(bare, sys::make_object<sys::VSpace>(test::space(), test::arena()));
    REQUIRE_VALUE(space, sys::make_object<sys::VSpace>(test::space(), test::arena()));
    REQUIRE_OK(sys::AsidPool(abi::root_slot::asid_pool).assign(space));
    for (Word label = 0; label < 64; ++label) {
        CHECK_ANSWER(invoke(bare, label, {0, 0, 0}, {space}), illegal_operation);
        CHECK_ANSWER(invoke(space, label, {0, 0, 0}, {space}), illegal_operation);
    }
}

SYSTEM_TEST("to invoke an endpoint, a notification or a reply is to send, whatever the label") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    for (const Method& method : methods::all) {
        test::invoke_silently(abi::Syscall::nb_send, zoo[Type::endpoint], static_cast<Invocation>(method.label));
        CHECK_DONE(invoke(zoo[Type::notification], method.label));
        CHECK_DONE(invoke(zoo[Type::reply], method.label, {1, 2, 3}));
    }
    CHECK_EQUAL(sys::Notification(zoo.slot(Type::notification)).poll().value, 0);
}

SYSTEM_TEST("Send and NBSend of wrong invocations say nothing and change nothing") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    for_each_type([&](Type type) {
        if (has_no_methods(type))
            return;
        for (const Method& method : methods::all) {
            const bool would_do_something = method.type == type && method.words == 0 && method.caps == 0;
            if (would_do_something)
                continue;
            test::invoke_silently(abi::Syscall::send, zoo[type], static_cast<Invocation>(method.label));
            test::invoke_silently(abi::Syscall::nb_send, zoo[type], static_cast<Invocation>(method.label));
        }
    });
    for_each_type([&](Type type) { CHECK_EQUAL(test::is_empty(zoo.slot(type)), type == Type::null); });
}

namespace {

/// What a method answers when its capability argument has a type that it does not take.
struct Refusal {
    abi::Error error;
    int detail = -1; ///< -1: none
};

/// Calls with each type as the argument and holds the refusals; the types in `accepted` are left out.
template <class Call>
void refuses_all_but(const Zoo& zoo, std::initializer_list<Type> accepted, Refusal how, Call call) {
    for_each_type([&](Type type) {
        for (const Type good : accepted)
            if (type == good)
                return;
        const Answer answer = call(zoo[type]);
        const test::Where where = TEST_WHERE("a capability argument of the wrong type");
        if (how.detail < 0)
            test::check_answer(answer, how.error, {}, where);
        else
            test::check_answer(answer, how.error, {static_cast<Word>(how.detail)}, where);
    });
}

} // namespace

SYSTEM_TEST("wrong types: CopyRegisters, authorities of priorities") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    const AnyCap tcb = zoo[Type::tcb];
    const Refusal first{abi::Error::invalid_capability, 1};
    refuses_all_but(zoo, {Type::tcb}, first,
                    [&](AnyCap cap) { return invoke(tcb, Invocation::tcb_copy_registers, {0}, {cap}); });
    refuses_all_but(zoo, {Type::tcb}, first,
                    [&](AnyCap cap) { return invoke(tcb, Invocation::tcb_set_priority, {0}, {cap}); });
    refuses_all_but(zoo, {Type::tcb}, first,
                    [&](AnyCap cap) { return invoke(tcb, Invocation::tcb_set_mc_priority, {0}, {cap}); });
    refuses_all_but(zoo, {Type::tcb}, first, [&](AnyCap cap) {
        return invoke(tcb, Invocation::tcb_set_sched_params, {0, 0}, {cap, zoo[Type::sched_context], Word{0}});
    });
}

SYSTEM_TEST("wrong types: scheduling context and fault handler of SetSchedParams") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    const AnyCap tcb = zoo[Type::tcb];
    refuses_all_but(zoo, {Type::null, Type::sched_context}, {abi::Error::invalid_capability, 2}, [&](AnyCap cap) {
        return invoke(tcb, Invocation::tcb_set_sched_params, {0, 0}, {test::own_tcb(), cap, Word{0}});
    });
    // What cannot be derived says so before its type is looked at.
    refuses_all_but(zoo,
                    {Type::null, Type::endpoint, Type::irq_control, Type::io_port_control, Type::pdpt, Type::page_table,
                     Type::page_directory},
                    {abi::Error::invalid_capability, 3}, [&](AnyCap cap) {
                        return invoke(tcb, Invocation::tcb_set_sched_params, {0, 0},
                                      {test::own_tcb(), zoo[Type::null], cap});
                    });
}

SYSTEM_TEST("wrong types: spaces, IPC buffer and handlers of Configure, SetSpace, SetIPCBuffer, SetTimeoutEndpoint") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    const AnyCap tcb = zoo[Type::tcb], cnode = zoo[Type::cnode], space = zoo[Type::pml4];
    const Refusal illegal{abi::Error::illegal_operation};
    refuses_all_but(zoo, {Type::cnode}, illegal, [&](AnyCap cap) {
        return invoke(tcb, Invocation::tcb_configure, {0, 0, 0}, {cap, space, Word{0}});
    });
    refuses_all_but(zoo, {Type::pml4}, illegal, [&](AnyCap cap) {
        return invoke(tcb, Invocation::tcb_configure, {0, 0, 0}, {cnode, cap, Word{0}});
    });
    refuses_all_but(zoo, {Type::frame}, illegal, [&](AnyCap cap) {
        return invoke(tcb, Invocation::tcb_configure, {0, 0, 0x400000}, {cnode, space, cap});
    });
    refuses_all_but(zoo, {Type::frame}, illegal,
                    [&](AnyCap cap) { return invoke(tcb, Invocation::tcb_set_ipc_buffer, {0x400000}, {cap}); });
    refuses_all_but(zoo, {Type::cnode}, illegal,
                    [&](AnyCap cap) { return invoke(tcb, Invocation::tcb_set_space, {0, 0}, {Word{0}, cap, space}); });
    refuses_all_but(zoo, {Type::pml4}, illegal,
                    [&](AnyCap cap) { return invoke(tcb, Invocation::tcb_set_space, {0, 0}, {Word{0}, cnode, cap}); });
    const std::initializer_list<Type> not_handlers = {Type::null,           Type::endpoint,   Type::irq_control,
                                                      Type::pdpt,           Type::page_table, Type::page_directory,
                                                      Type::io_port_control};
    const std::initializer_list<Type> not_tables = {
        Type::null,       Type::endpoint,       Type::irq_control,     Type::pdpt,
        Type::page_table, Type::page_directory, Type::io_port_control, Type::cnode};
    refuses_all_but(zoo, not_tables, {abi::Error::invalid_capability, 1},
                    [&](AnyCap cap) { return invoke(tcb, Invocation::tcb_set_space, {0, 0}, {cap, cnode, space}); });
    refuses_all_but(zoo, not_handlers, {abi::Error::invalid_capability, 1},
                    [&](AnyCap cap) { return invoke(tcb, Invocation::tcb_set_timeout_endpoint, {}, {cap}); });
}

SYSTEM_TEST("wrong types: what cannot be derived is refused as a handler by its own error") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    for (const Type type :
         {Type::irq_control, Type::io_port_control, Type::pdpt, Type::page_table, Type::page_directory})
        CHECK_ANSWER(invoke(zoo[Type::tcb], Invocation::tcb_set_timeout_endpoint, {}, {zoo[type]}), illegal_operation);
    REQUIRE_VALUE(child, sys::make_object<sys::Endpoint>(test::space(), sys::Untyped(zoo.slot(Type::untyped))));
    const AnyCap tcb = zoo[Type::tcb], cnode = zoo[Type::cnode], space = zoo[Type::pml4], full = zoo[Type::untyped];
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_timeout_endpoint, {}, {full}), revoke_first);
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_space, {0, 0}, {full, cnode, space}), revoke_first);
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_configure, {0, 0, 0}, {full, space, Word{0}}), revoke_first);
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_configure, {0, 0, 0}, {cnode, full, Word{0}}), revoke_first);
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_configure, {0, 0, 0x400000}, {cnode, space, full}), revoke_first);
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_ipc_buffer, {0x400000}, {full}), revoke_first);
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_sched_params, {0, 0}, {test::own_tcb(), Word{0}, full}), revoke_first);
    REQUIRE_VALUE(bare, sys::make_object<sys::VSpace>(test::space(), test::arena()));
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_configure, {0, 0, 0}, {cnode, bare, Word{0}}), illegal_operation);
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_space, {0, 0}, {Word{0}, cnode, bare}), illegal_operation);
}

SYSTEM_TEST("wrong types: BindNotification, SetNotification, SchedContext.Bind and UnbindObject, ConfigureFlags, Set") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    refuses_all_but(zoo, {Type::notification}, {abi::Error::illegal_operation},
                    [&](AnyCap cap) { return invoke(zoo[Type::tcb], Invocation::tcb_bind_notification, {}, {cap}); });
    refuses_all_but(zoo, {Type::notification}, {abi::Error::invalid_capability, 0}, [&](AnyCap cap) {
        return invoke(zoo[Type::irq_handler], Invocation::irq_handler_set_notification, {}, {cap});
    });
    const Refusal first{abi::Error::invalid_capability, 1};
    for (const Invocation method : {Invocation::sched_context_bind, Invocation::sched_context_unbind_object})
        refuses_all_but(zoo, {Type::notification, Type::tcb}, first,
                        [&](AnyCap cap) { return invoke(zoo[Type::sched_context], method, {}, {cap}); });
    refuses_all_but(zoo, {Type::sched_context}, first, [&](AnyCap cap) {
        return invoke(zoo[Type::sched_control], Invocation::sched_control_configure_flags, {1000, 1000, 0, 0, 0},
                      {cap});
    });
    refuses_all_but(zoo, {Type::tcb}, {abi::Error::invalid_argument, 1},
                    [&](AnyCap cap) { return invoke(zoo[Type::domain_set], Invocation::domain_set_set, {0}, {cap}); });
}

SYSTEM_TEST("wrong types: the space of every Map, and of Assign; the untyped of MakePool") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    const Refusal first{abi::Error::invalid_capability, 1};
    refuses_all_but(zoo, {Type::pml4}, first, [&](AnyCap cap) {
        return invoke(zoo[Type::frame], Invocation::page_map, {0x400000, 3, 0}, {cap});
    });
    refuses_all_but(zoo, {Type::pml4}, first, [&](AnyCap cap) {
        return invoke(zoo[Type::page_table], Invocation::page_table_map, {0x400000, 0}, {cap});
    });
    refuses_all_but(zoo, {Type::pml4}, first, [&](AnyCap cap) {
        return invoke(zoo[Type::page_directory], Invocation::page_directory_map, {0x400000, 0}, {cap});
    });
    refuses_all_but(zoo, {Type::pml4}, first,
                    [&](AnyCap cap) { return invoke(zoo[Type::pdpt], Invocation::pdpt_map, {0x400000, 0}, {cap}); });
    refuses_all_but(zoo, {}, first, // the zoo's space is assigned already
                    [&](AnyCap cap) { return invoke(zoo[Type::asid_pool], Invocation::asid_pool_assign, {}, {cap}); });
    refuses_all_but(zoo, {Type::untyped}, first, [&](AnyCap cap) {
        return invoke(zoo[Type::asid_control], Invocation::asid_control_make_pool, {0, 64}, {cap, own_cnode()});
    });
}

SYSTEM_TEST("wrong types: the root of every method that makes a capability is an invalid root") {
    Zoo zoo;
    REQUIRE_OK(zoo.make());
    REQUIRE_VALUE(page, test::make_untyped(12));
    for_each_type([&](Type type) {
        if (type == Type::cnode)
            return;
        const AnyCap root = zoo[type];
        const Answer answers[] = {
            invoke(zoo[Type::asid_control], Invocation::asid_control_make_pool, {0, 64}, {page, root}),
            invoke(zoo[Type::io_port_control], Invocation::io_port_control_issue, {0x90, 0x91, 0, 64}, {root}),
            invoke(zoo[Type::irq_control], Invocation::irq_control_get_ioapic, {0, 64, 0, 20, 0, 0, 90}, {root}),
            invoke(zoo[Type::irq_control], Invocation::irq_control_get_msi, {0, 64, 0, 0, 0, 0, 90}, {root}),
            invoke(zoo[Type::untyped], Invocation::untyped_retype, {2, 0, 0, 64, 0, 1}, {root}),
        };
        for (const Answer& answer : answers)
            CHECK_ANSWER(answer, failed_lookup, 0, 1);
    });
}
