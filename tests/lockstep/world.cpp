// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/world.hpp>

#include <lockstep/kernel_view.hpp>

#include <spec/address_space.hpp>
#include <spec/message.hpp>
#include <spec/refills.hpp>

#include <algorithm>
#include <utility>

namespace lockstep {
namespace {

using namespace spec;

/// Thorough comparisons cost more: none before so many operations, or so many comparisons.
constexpr unsigned least_operations_unchecked = 32, least_comparisons_unchecked = 8;
constexpr Word never = ~Word{0};
/// The first thread, as the simulated machine starts it.
constexpr unsigned first_priority = 255;
constexpr Word first_budget_us = 5000;
constexpr unsigned root_space_number = 1;

/// Methods after which something cached could be wrong.
bool changes_translations(Method method) {
    return (Method::pdpt_map <= method && method <= Method::asid_pool_assign) ||
           (Method::range_set_keeper <= method && method <= Method::page_evict) ||
           (Method::cnode_revoke <= method && method <= Method::cnode_rotate);
}

Capability boot_capability(System& system, const BootCapability& boot) {
    Capability cap;
    cap.type = boot.type;
    cap.rights = Rights::all();
    switch (boot.type) {
    case Type::untyped:
        cap.base = boot.address;
        cap.bits = boot.bits;
        cap.device = boot.device;
        break;
    case Type::tcb: cap.object = &system.make<Thread>(boot.address); break;
    case Type::cnode:
        cap.object = &system.make<CNode>(boot.address, boot.bits);
        cap.guard_bits = 64 - boot.bits;
        break;
    case Type::pml4:
        cap.object = &system.make_table(Type::pml4, boot.address);
        cap.mapping = Mapping{root_space_number, 0};
        break;
    case Type::frame: cap.object = &system.make<Frame>(boot.address, boot.bits, boot.device); break;
    case Type::sched_context: cap.object = &system.make<SchedContext>(boot.address, boot.bits); break;
    case Type::asid_pool: cap.object = system.asid_pools[0] = &system.make<AsidPool>(boot.address, 0u); break;
    default: break;
    }
    return cap;
}

} // namespace

World::World(const MachineOptions& options, unsigned variant, Counts& counts, unsigned compare_each)
    : options_(options), counts_(counts), machine_(options), system_(Machine{}), compare_each_(compare_each) {
    boot();
    check(true);
    for (const Operation& operation : first_operations(variant))
        apply(operation);
}

void World::boot() {
    std::map<Type, Slot*> slots;
    std::vector<std::pair<Word, Capability>> capabilities;
    for (const BootCapability& boot : KernelMachine::boot_capabilities())
        capabilities.emplace_back(boot.slot, boot_capability(system_, boot));
    auto root = std::ranges::find_if(capabilities, [](const auto& item) { return item.second.is(Type::cnode); });
    CNode& cnode = object_of<CNode>(root->second);
    root_cnode_ = cnode.address;
    for (const auto& [index, cap] : capabilities) {
        insert_original(cnode.slot(index), cap, nullptr);
        slots[cap.type] = &cnode.slot(index);
    }

    Thread& thread = object_of<Thread>(slots[Type::tcb]->cap);
    for (const auto& [place, type] :
         {std::pair(cspace, Type::cnode), std::pair(vspace, Type::pml4), std::pair(ipc_buffer, Type::frame)}) {
        Capability cap = slots[type]->cap;
        derive(thread.slots[place], cap, *slots[type]);
    }
    thread.buffer_address = KernelMachine::boot_buffer_address();
    thread.registers[rip] = KernelMachine::system_call_ip();
    thread.priority = thread.mcp = first_priority;
    thread.state = ThreadState::running;
    SchedContext& context = object_of<SchedContext>(slots[Type::sched_context]->cap);
    context.budget = context.period = first_budget_us * system_.machine.tsc_mhz;
    context.used_refills = context.max_refills;
    system_.now = system_.charged_until = machine_.now();
    fill(context, system_.now);
    context.thread = &thread;
    thread.context = &context;
    system_.asid_pools[0]->spaces[root_space_number] = &object_of<Table>(slots[Type::pml4]->cap);
    system_.current = &thread;
    system_.paying = &context;
    system_.deadline = system_.now + context.budget;
}

bool World::is_over() const { return !system_.current && system_.deadline == never; }

void World::fire_timer(Word at) {
    machine_.set_time(at);
    caller_ = system_.current ? system_.current->address : 0;
    machine_.interrupt(KernelMachine::timer_vector());
    system_.enter_by_interrupt(at, irq_line_count);
    counts_.timer_interrupts++;
    count_entry();
    check(false);
}

/// The timer goes off as often as it wants to in the time that passes; with nobody to run, nothing else happens before.
void World::pass_time(const Operation& operation) {
    Word end = system_.now + operation.advance;
    for (Word timer = kernel_view::timer(); timer <= end || (!system_.current && timer != never);
         timer = kernel_view::timer()) {
        const Word at = std::max(timer, system_.now) + operation.lateness;
        end = std::max(end, at);
        fire_timer(at);
    }
    machine_.set_time(end);
}

void World::apply(const Operation& operation) {
    pass_time(operation);
    const Word now = machine_.now();
    if (!system_.current && operation.kind != Operation::Kind::interrupt)
        return;
    counts_.operations++;
    caller_ = system_.current ? system_.current->address : 0;
    if (operation.fpu != 0 && system_.current && !system_.current->fpu_disabled) {
        machine_.set_fpu(operation.fpu);
        system_.current->fpu = operation.fpu;
    }
    switch (operation.kind) {
    case Operation::Kind::system_call: make_call(operation); break;
    case Operation::Kind::exception:
        set(rip, KernelMachine::system_call_ip());
        machine_.exception(operation.vector, KernelMachine::system_call_ip(), operation.error_code, operation.address);
        system_.enter_by_exception(now, operation.vector, operation.error_code, operation.address);
        counts_.exceptions++;
        break;
    case Operation::Kind::interrupt:
        machine_.interrupt(KernelMachine::device_vector(operation.vector));
        system_.enter_by_interrupt(now, operation.vector);
        counts_.interrupts++;
        break;
    case Operation::Kind::corruption:
        machine_.write_memory(operation.address, *kernel_view::memory(operation.address) ^ Word{1} << operation.vector);
        break;
    }
    count_entry();
    check(operation.kind == Operation::Kind::corruption);
    if (machine_.port_writes() != std::exchange(system_.port_output, {}))
        throw Divergence("other port writes than were asked for");
    count(operation);
    if (operation.marks)
        mark_tables(operation.writes);
}

/// The CPU notes by itself what it has walked.
void World::mark_tables(bool writes) {
    machine_.mark_tables(writes, [&](Word table, unsigned index, bool is_written) {
        const auto found = system_.objects.find(table);
        if (found == system_.objects.end())
            return;
        auto& marked = static_cast<Table&>(*found->second);
        TableEntry entry = marked.entry(index);
        entry.accessed = true;
        entry.dirty |= is_written;
        marked.set(index, entry);
    });
}

void World::set(Register which, Word value) {
    machine_.set_register(which, value);
    system_.current->registers[which] = value;
}

void World::write_buffer(const Operation& operation) {
    const Buffer buffer = buffer_of(*system_.current);
    if (!buffer)
        return;
    const auto write = [&](unsigned word, Word value) {
        buffer.write(word, value);
        machine_.write_memory(buffer.frame->address + buffer.offset + 8 * word, value);
    };
    for (unsigned i = words_in_registers; i < operation.words.size(); i++)
        write(buffer::message + i, operation.words[i]);
    for (unsigned i = 0; i < operation.caps.size(); i++)
        write(buffer::caps + i, operation.caps[i]);
    if (operation.place) {
        write(buffer::receive_cnode, operation.place->cnode);
        write(buffer::receive_index, operation.place->index);
        write(buffer::receive_depth, operation.place->depth);
    }
}

void World::make_call(const Operation& operation) {
    set(rip, KernelMachine::system_call_ip());
    set(rdx, operation.number);
    set(rdi, operation.rdi);
    set(r12, operation.r12);
    set(r13, operation.r13);
    // The message info as a program would make it, lengths beyond what is allowed included.
    set(rsi, operation.label << 12 | Word{operation.cap_count & 3} << 7 | (operation.length & 127));
    for (unsigned i = 0; i < words_in_registers && i < operation.words.size(); i++)
        set(message_registers[i], operation.words[i]);
    write_buffer(operation);
    const Word interruptions = machine_.interruptions();
    const Word caller = system_.current->address;
    // A call on a range that an interrupt ends says how far it came, if it is answered; only then may one arrive.
    const auto method = static_cast<Method>(operation.label);
    const bool tells_nobody = Method::range_set_keeper <= method && method <= Method::range_read &&
                              operation.number != static_cast<Word>(system_call::call);
    machine_.system_call(tells_nobody ? 0 : operation.pattern, operation.edge);
    const Word arrived = machine_.interruptions() - interruptions;
    counts_.interruptions += arrived;
    system_.entries_until_interrupt = arrived != 0 ? kernel_view::answered(caller) : ~Word{0};
    system_.enter_by_system_call(machine_.now());
}

void World::check_translations() {
    const auto is_live = [&](Word address, unsigned level) {
        const auto found = system_.objects.find(address);
        if (found == system_.objects.end())
            return false;
        const Type type = found->second->type;
        return level == 0 ? type == Type::frame
                          : static_cast<unsigned>(type) == static_cast<unsigned>(Type::page_table) + level - 1;
    };
    const auto root_of = [&](Word pcid) {
        const Table* const space = space_of(system_, static_cast<unsigned>(pcid));
        return space ? space->address : 0;
    };
    if (const std::string wrong = machine_.wrong_translation({is_live, root_of}); !wrong.empty())
        throw Divergence(wrong);
}

void World::check(bool thoroughly) {
    thoroughly |= ++unchecked_ >= std::max(least_operations_unchecked, least_comparisons_unchecked * compare_each_);
    if (++uncompared_ >= compare_each_ || thoroughly || machine_.interruptions() != compared_interruptions_) {
        uncompared_ = 0;
        compared_interruptions_ = machine_.interruptions();
        compare(system_);
    } else {
        compare_running(system_, caller_);
    }
    const bool changed = changes_ != system_.changes || machine_.may_be_stale();
    changes_ = system_.changes;
    if (changed || thoroughly || changes_translations(system_.outcome.method))
        check_translations();
    if (thoroughly) {
        unchecked_ = 0;
        compare_thoroughly(system_);
        machine_.check_invariants();
    }
}

void World::count_entry() {
    if (system_.paying && system_.paying->stack.size() > 1)
        counts_.stacked++;
    if (system_.outcome.budget_ended)
        counts_.budgets_ended++;
    if (system_.outcome.fault != FaultType::none)
        counts_.faults[system_.outcome.fault]++;
}

void World::count(const Operation& operation) {
    const Outcome& outcome = system_.outcome;
    const bool answers = operation.number == static_cast<Word>(system_call::reply_map_recv);
    if (answers && operation.kind == Operation::Kind::system_call && !outcome.budget_ended) {
        counts_.items += outcome.items;
        if (outcome.error != Error::none)
            counts_.refused_answers[outcome.error]++;
        else
            counts_.answers[operation.label]++;
    }
    if (operation.kind != Operation::Kind::system_call || outcome.budget_ended || outcome.fault != FaultType::none)
        return;
    if (outcome.error != Error::none) {
        counts_.errors[outcome.error][outcome.method]++;
    } else {
        counts_.successes++;
        if (outcome.method != Method{})
            counts_.methods[outcome.method]++;
        else
            counts_.system_calls[operation.number]++;
    }
}

void World::finish() {
    check(true);
    if (!system_.objects.contains(root_cnode_))
        return;
    auto& slots = static_cast<CNode&>(*system_.objects.at(root_cnode_)).slots;
    for (auto& [index, slot] : slots) {
        if (!slot.cap.is(Type::untyped))
            continue;
        machine_.take_back(index);
        system_.take_back(slot, machine_.now());
        check(true);
    }
}

} // namespace lockstep
