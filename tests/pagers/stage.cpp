// SPDX-License-Identifier: BSD-2-Clause
#include <tests/pagers/stage.hpp>

#include <abi/boot_info.hpp>
#include <abi/fault.hpp>

namespace conformance {
namespace {

constexpr unsigned context_bits = 8, keeper_table_bits = 1;
constexpr Word slice_us = 10'000;
constexpr Word code_window = 0x2ff0'0000;
/// What clients execute: each touch ends in UD2, which the supervisor is told of.
constexpr Word snippet_bytes = 16;
constexpr uint8_t snippets[3][snippet_bytes] = {
    {0x48, 0x8b, 0x07, 0x0f, 0x0b}, // mov rax, [rdi]; ud2
    {0x48, 0x89, 0x37, 0x0f, 0x0b}, // mov [rdi], rsi; ud2
    {0xff, 0xe7},                   // jmp rdi
};

constexpr sys::VSpace own_space() { return sys::VSpace(abi::root_slot::vspace); }
constexpr sys::Tcb own_tcb() { return sys::Tcb(abi::root_slot::tcb); }

Result<void> map(sys::Frame frame, sys::VSpace space, Word address, const sys::PageAccess& access,
                 sys::pager::TableStock& tables) {
    for (;;) {
        const Result<void> mapped = frame.map(space, address, access);
        if (mapped)
            return {};
        TRY(tables.add(mapped.error(), space, address));
    }
}

} // namespace

Stage::~Stage() {
    for (unsigned thread = 0; thread < Platform::thread_count; ++thread)
        platform_.end_thread(thread);
    hold_pagers(false);
    static_cast<void>(memory_.revoke());
    for (unsigned row = 0; row < row_count_; ++row)
        for (Word slot = 0; slot < rows_[row].count; ++slot) {
            static_cast<void>(space().at(rows_[row].first + slot).remove());
            static_cast<void>(space().slots().release(rows_[row].first + slot));
        }
}

Result<Word> Stage::slots(Word count) {
    if (row_count_ == most_slot_rows)
        return sys::ErrorCode::out_of_slots;
    const Word first = TRY(space().slots().allocate_range(count));
    rows_[row_count_++] = {first, count};
    return first;
}

std::span<const uint8_t> Stage::client_code() { return {&snippets[0][0], sizeof snippets}; }

Result<void> Stage::begin() {
    memory_ = platform_.memory();
    hold_pagers(false);
    tables_ = sys::pager::TableStock(memory(), space().cnode(), TRY(slots(12)), 12);
    return {};
}

Result<void> Stage::make_clients(sys::VSpace made) {
    client_space_ = made;
    supervisor_ = TRY(object<sys::Endpoint>());
    supervisor_reply_ = TRY(object<sys::Reply>());
    empty_cspace_ = TRY(object<sys::CNode>(1));
    for (unsigned client = 0; client < clients; ++client)
        TRY(make_client(client));
    return {};
}

Result<sys::Frame> Stage::map_own(Word address) {
    const auto frame = TRY(object<sys::Frame>());
    TRY(map(frame, own_space(), address, sys::PageAccess::read_write(), tables_));
    return frame;
}

Result<sys::VSpace> Stage::make_space() {
    const auto made = TRY(object<sys::VSpace>());
    TRY(sys::AsidPool(abi::root_slot::asid_pool).assign(made));
    const auto frame = TRY(map_own(code_window));
    memcpy(sys::raw::memory(code_window), snippets, sizeof snippets);
    const sys::Frame copy(TRY(slots(1)));
    TRY(space().at(copy.slot()).copy_from(space().at(frame.slot())));
    TRY(map(copy, made, code, sys::PageAccess::read_execute(), tables_));
    constexpr Word entries = 256; // the user half
    for (Word done = 0; done < entries;)
        done += TRY(sys::PageTables(made).set_keeper({done << 39, entries - done, 39}, 1));
    return made;
}

Result<void> Stage::make_client(unsigned client) {
    Client& made = client_threads_[client];
    made.keepers = TRY(object<sys::CNode>(keeper_table_bits));
    TRY(made.keepers.at(0, keeper_table_bits)
            .mint_from(space().at(supervisor_.slot()), sys::Rights::all(), client + 1));
    const auto context = TRY(object<sys::SchedContext>(context_bits));
    TRY(platform_.sched_control().configure(context, {.budget = {slice_us}, .period = {slice_us}}));
    made.tcb = TRY(object<sys::Tcb>());
    TRY(made->configure(empty_cspace_, 0, client_space_, 0, sys::Frame()));
    TRY(made->set_sched_params(own_tcb(), {}, client_priority, context, sys::Object()));
    return made->set_space(made.keepers, empty_cspace_, 0, client_space_);
}

Result<void> Stage::set_keeper(sys::Endpoint pager, Word badge) {
    for (unsigned client = 0; client < clients; ++client) {
        const sys::SlotRef slot = client_threads_[client].keepers.at(1, keeper_table_bits);
        static_cast<void>(slot.remove());
        TRY(slot.mint_from(space().at(pager.slot()), sys::Rights::all(), badge != 0 ? badge : client + 1));
    }
    return {};
}

void Stage::hold_pagers(bool held) {
    static_cast<void>(own_tcb().set_priority(own_tcb(), held ? held_priority : test_priority));
}

void Stage::begin(unsigned client, Touch touch, Word address, Word value) {
    client_threads_[client].outcome.reset();
    sys::UserRegisters registers;
    registers[abi::UserRegister::rip] = code + static_cast<Word>(touch) * snippet_bytes;
    registers[abi::UserRegister::rdi] = address;
    registers[abi::UserRegister::rsi] = value;
    static_cast<void>(client_threads_[client]->write_registers(registers, abi::user_register_count, true));
}

Outcome Stage::end(unsigned client) {
    // All others are more important than this thread: what has not been told by now never will be. But a fault that is settled
    // meanwhile is not told, and its thread goes on: then there may be something in the second look.
    for (unsigned looks = 0; !client_threads_[client].outcome; ++looks) {
        const sys::Received message = supervisor_.receive_if_there(supervisor_reply_);
        if (message.badge.value != 0) {
            note(message);
            looks = 0;
        } else if (looks > 1) {
            return {};
        }
    }
    return *client_threads_[client].outcome;
}

void Stage::note(const sys::Received& message) {
    Client& client = client_threads_[(message.badge.value - 1) % clients];
    Outcome outcome;
    if (sys::KeeperFault::is_one(message)) {
        const auto info = sys::KeeperFault::from(message).info;
        const bool denied = info.why() == abi::WhySupervisor::denied;
        outcome = {denied ? Outcome::Kind::denied : Outcome::Kind::no_pager, 0, info.denial()};
    } else if (message.label() == static_cast<Word>(abi::Fault::user_exception)) {
        outcome.kind = Outcome::Kind::done;
    }
    static_cast<void>(client->suspend());
    if (const auto registers = client->read_registers(false))
        outcome.value = (*registers)[abi::UserRegister::rax];
    client.outcome = outcome;
}

} // namespace conformance
