// SPDX-License-Identifier: BSD-2-Clause
#include <pagers/kernel_rig.hpp>

#include <support/fake_machine.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

namespace test {
namespace {

/// Turns of a scheduling loop after which nobody will come to an end any more.
constexpr unsigned patience = 100'000;

/// Ends a body.
struct Ended {};

/// A step of a thread that is to be killed at one: it then stays where it is, and never runs again.
void count_step(auto& self) {
    if (self.steps_left == 0 || --self.steps_left != 0)
        return;
    self.killed = true;
    throw Ended();
}

} // namespace

const Word KernelRig::untyped = at::untyped, KernelRig::sched_control = at::sched_control;

/// A thread of the program.
struct KernelRig::Fibre {
    Tcb* tcb = nullptr;
    std::function<void()> body{};
    std::thread thread{};
    std::condition_variable turn{};
    bool ending = false, ended = false;
    unsigned steps_left = 0;
    bool killed = false;
};

struct KernelRig::Parts {
    Parts() : baton(one_runs) {}

    Fibre* fibre_of(const Tcb* tcb);
    Fibre* find(Word tcb_slot);
    /// Lets whoever the kernel chose run, until it is `self`.
    void wait_for_turn(Fibre& self);
    void let_run(Tcb* chosen, Fibre& self);
    void hand_over(Fibre& self, Fibre& to);
    [[noreturn]] void give_up(const char* why) {
        is_stuck = true;
        throw std::runtime_error(why);
    }
    void end(Fibre& fibre);
    void run(Fibre& fibre);
    void step_client(Tcb& client);
    /// Reads or writes 8 bytes, or fetches; a fault enters the kernel. Null then.
    uint8_t* access(Tcb& client, Word address, Word error_code);

    FakeMachine machine{};
    std::mutex one_runs{};
    std::unique_lock<std::mutex> baton; ///< of the main thread
    Fibre main{};
    Fibre* running = &main;
    std::vector<std::unique_ptr<Fibre>> fibres{};
    std::exception_ptr failure{};
    Word entries = 0;
    bool is_stuck = false; ///< nobody can go on: nothing enters the kernel any more
};

KernelRig::KernelRig() : parts_(std::make_unique<Parts>()) {
    parts_->machine.checks_each_entry = false;
    parts_->main.tcb = &parts_->machine.root();
    sys::host::kernel = this;
    sys::host::current_buffer = parts_->main.tcb->buffer;
}

KernelRig::~KernelRig() {
    for (const auto& fibre : parts_->fibres) {
        parts_->end(*fibre);
        fibre->thread.join();
    }
    sys::host::kernel = nullptr;
    sys::host::current_buffer = &sys::host::ipc_buffer;
}

KernelRig::Fibre* KernelRig::Parts::fibre_of(const Tcb* tcb) {
    if (tcb == main.tcb)
        return &main;
    for (const auto& fibre : fibres)
        if (fibre->tcb == tcb && !fibre->ended)
            return fibre.get();
    return nullptr;
}

KernelRig::Fibre* KernelRig::Parts::find(Word tcb_slot) {
    const auto found = std::find_if(fibres.rbegin(), fibres.rend(),
                                    [&](const auto& fibre) { return fibre->tcb == &machine.thread(tcb_slot); });
    return found == fibres.rend() ? nullptr : found->get();
}

Word KernelRig::make_thread(uint8_t priority, std::function<void()> body) {
    const Word slot = parts_->machine.make_thread(priority);
    parts_->fibres.push_back(std::make_unique<Fibre>());
    Fibre& added = *parts_->fibres.back();
    added.tcb = &parts_->machine.thread(slot);
    added.body = std::move(body);
    added.thread = std::thread([this, &added] { parts_->run(added); });
    return slot;
}

void KernelRig::Parts::run(Fibre& fibre) {
    std::unique_lock<std::mutex> lock(one_runs);
    fibre.turn.wait(lock, [&] { return running == &fibre; });
    sys::host::current_buffer = fibre.tcb->buffer;
    try {
        if (!fibre.ending)
            fibre.body();
    } catch (const Ended&) {
    } catch (...) {
        failure = std::current_exception();
    }
    fibre.ended = true;
    running = &main;
    main.turn.notify_one();
}

void KernelRig::Parts::end(Fibre& fibre) {
    fibre.ending = true;
    while (!fibre.ended)
        hand_over(main, fibre);
    sys::host::current_buffer = main.tcb->buffer;
}

void KernelRig::end_thread(Word tcb_slot) {
    if (Fibre* const fibre = parts_->find(tcb_slot))
        parts_->end(*fibre);
}

void KernelRig::kill_at(Word tcb_slot, unsigned step) { parts_->find(tcb_slot)->steps_left = step; }
bool KernelRig::was_killed(Word tcb_slot) const { return parts_->find(tcb_slot)->killed; }
void KernelRig::check_invariants() { parts_->machine.check_invariants(); }

Word KernelRig::entries() const { return parts_->entries; }

void KernelRig::interrupt_at_each_look() {
    kernel::x86::simulated.on_interrupt_window = [] {
        kernel::x86::simulated.pending_interrupts.push_back(kernel::x86::vector::timer);
    };
}

void KernelRig::Parts::hand_over(Fibre& self, Fibre& to) {
    running = &to;
    to.turn.notify_one();
    std::unique_lock<std::mutex> own(one_runs, std::adopt_lock); // every fibre has it while it runs
    self.turn.wait(own, [&] { return running == &self; });
    own.release();
}

void KernelRig::enter(const sys::host::Call& call, sys::raw::Registers& registers, abi::IpcBuffer&) {
    if (parts_->is_stuck) {
        registers = {.info = abi::MessageInfo(static_cast<Word>(Error::illegal_operation), 0).raw()};
        return;
    }
    FakeMachine& machine = parts_->machine;
    Fibre& self = *parts_->running;
    count_step(self);
    Tcb& thread = *self.tcb;
    Context& context = thread.context;
    context.rdi = registers.target;
    context.rsi = registers.info;
    context.r10 = registers.mr0;
    context.r8 = registers.mr1;
    context.r9 = registers.mr2;
    context.r15 = registers.mr3;
    context.r12 = call.number == abi::Syscall::nb_send_wait ? call.send_on : call.reply;
    context.r13 = call.send_on;
    context.rdx = static_cast<Word>(call.number);
    do {
        ++parts_->entries;
        machine.enter_again(thread);
        parts_->wait_for_turn(self);
    } while (machine.waits(thread)); // preempted, or put back to its call
    count_step(self);
    registers = {context.rdi, context.rsi, context.r10, context.r8, context.r9, context.r15};
}

void KernelRig::Parts::wait_for_turn(Fibre& self) {
    for (unsigned turns = 0; machine.running() != self.tcb; ++turns) {
        if (turns == patience)
            give_up("nobody comes to an end");
        let_run(machine.running(), self);
        if (self.ending)
            throw Ended();
        if (failure)
            std::rethrow_exception(std::exchange(failure, nullptr));
    }
    sys::host::current_buffer = self.tcb->buffer;
}

void KernelRig::Parts::let_run(Tcb* chosen, Fibre& self) {
    if (chosen == nullptr) {
        if (machine.timer() == ~Word{0})
            give_up("all threads wait for ever");
        return machine.fire_timer();
    }
    if (Fibre* const other = fibre_of(chosen))
        return hand_over(self, *other);
    const bool is_over =
        std::any_of(fibres.begin(), fibres.end(), [&](const auto& fibre) { return fibre->tcb == chosen; });
    if (is_over) // it has no handler: it stops
        machine.exception(6, chosen->context.rip);
    else
        step_client(*chosen);
}

uint8_t* KernelRig::Parts::access(Tcb& client, Word address, Word error_code) {
    const PhysAddr root = client.cap(TcbSlot::vspace).object();
    constexpr Word present = 1, write = 2, user = 4, fetch = 16;
    unsigned level = 0;
    const Word entry = machine.leaf(root, address, &level);
    const bool permitted =
        (entry & user) && (!(error_code & write) || (entry & 2)) && (!(error_code & fetch) || !(entry >> 63));
    if (!permitted) {
        machine.exception(14, client.context.rip, error_code | user | (entry ? present : 0), address);
        return nullptr;
    }
    // What the CPU notes. Pages of these tests are small.
    const auto* table = window<Word>(root);
    for (unsigned depth = 4; depth > 1; depth--)
        table = window<Word>(PhysAddr(table[address >> (12 + 9 * (depth - 1)) & 511] & 0x000f'ffff'ffff'f000));
    const_cast<Word*>(table)[address >> 12 & 511] |= 0x20 | (error_code & write ? 0x40 : 0);
    return window<uint8_t>(PhysAddr((entry & 0x000f'ffff'ffff'f000) + (address & 4095)));
}

/// One instruction: mov rax, [rdi]; mov [rdi], rsi; jmp rdi; all else is undefined.
void KernelRig::Parts::step_client(Tcb& client) {
    Context& context = client.context;
    const uint8_t* const code = access(client, context.rip, 16);
    if (code == nullptr)
        return;
    const auto is = [&](std::initializer_list<uint8_t> bytes) { return std::equal(bytes.begin(), bytes.end(), code); };
    if (is({0x48, 0x8b, 0x07})) {
        if (const uint8_t* const from = access(client, context.rdi, 0)) {
            std::memcpy(&context.rax, from, sizeof(Word));
            context.rip += 3;
        }
    } else if (is({0x48, 0x89, 0x37})) {
        if (uint8_t* const to = access(client, context.rdi, 2)) {
            std::memcpy(to, &context.rsi, sizeof(Word));
            context.rip += 3;
        }
    } else if (is({0xff, 0xe7})) {
        context.rip = context.rdi;
    } else {
        machine.exception(6, context.rip);
    }
}

void* KernelRig::memory(Word address) {
    const Word entry = parts_->machine.leaf(parts_->running->tcb->cap(TcbSlot::vspace).object(), address);
    if ((entry & 7) != 7) // present, writable, user
        return nullptr;
    return window<uint8_t>(PhysAddr((entry & 0x000f'ffff'ffff'f000) + (address & 4095)));
}

} // namespace test
