// SPDX-License-Identifier: BSD-2-Clause
// PagerRig: a pager of the kit and a thread that it pages in one host program, with the kernel between them played. The thread
// touches memory; where nothing is mapped, or not with enough rights, the kit's loop asks the pager and its answer is carried out.
// The frames are memory of the test, in the pager's window. All page tables are there. Cases of a kernel that refuses an
// answer, and of pagers that die, are for a machine.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <stdexcept>
#include <sys/pager/frame_store.hpp>
#include <sys/pager/serve.hpp>
#include <vector>

namespace sys::host {

/// The pager denied the access: on target the supervisor of the thread is told the code.
struct Denied : std::runtime_error {
    explicit Denied(uint8_t why) : std::runtime_error("the pager denied the access"), code(why) {}
    bool is(pager::Denial why) const { return code == static_cast<uint8_t>(why); }
    uint8_t code;
};

template <pager::FaultHandler Pager>
class PagerRig : public Kernel {
public:
    /// The frames of the pager's store are `layout`'s, `count` of them.
    PagerRig(const pager::FrameStore::Layout& layout, Word count) : layout_(layout), frames_(count) { kernel = this; }
    ~PagerRig() override { kernel = nullptr; }
    PagerRig(const PagerRig&) = delete;
    PagerRig& operator=(const PagerRig&) = delete;

    /// From now on faults are this pager's: the first one's, or one that takes over.
    void set_pager(Pager& pager) { pager_ = &pager; }

    // --- the thread: each throws Denied if the pager does not let it ---
    Word load(Word address) { return word_at(address, pager::Access::read); }
    void store(Word address, Word value) { word_at(address, pager::Access::write) = value; }
    void execute(Word address) { word_at(address, pager::Access::execute); }
    /// The thread faults, and is gone before it is answered.
    void fault_and_die(Word address, pager::Access access) {
        waits_ = false;
        ask(address, access);
    }

    bool is_mapped(Word address) const { return mapped_.contains(page_of(address)); }
    unsigned faults() const { return faults_; }

    void enter(const Call& call, raw::Registers& registers, abi::IpcBuffer&) override {
        if (call.number == abi::Syscall::reply_map_recv && !waits_)
            registers.info = abi::MessageInfo(static_cast<Word>(abi::Error::nobody_waits), abi::failed_length).raw();
        else if (call.number == abi::Syscall::reply_map_recv)
            carry_out(call), registers = {};
        else // it receives; nothing more comes
            registers = {};
    }
    void* memory(Word address) override {
        const Word frame = (address - layout_.window) / pager::page_size;
        return address >= layout_.window && frame < frames_.size() ? frames_[frame].data() : nullptr;
    }

private:
    struct Mapping {
        Word frame = 0;
        abi::PageRights rights;
    };
    static constexpr unsigned most_faults = 4; ///< at one access; a pager that answers so often does not help it

    static Word page_of(Word address) { return address & ~(pager::page_size - 1); }

    static bool permits(abi::PageRights rights, pager::Access access) {
        switch (access) {
        case pager::Access::read: return rights.can_read();
        case pager::Access::write: return rights.can_write();
        case pager::Access::execute: return rights.can_execute();
        }
        return false;
    }

    Word& word_at(Word address, pager::Access access) {
        for (unsigned tried = 0; tried < most_faults; ++tried) {
            const auto found = mapped_.find(page_of(address));
            if (found != mapped_.end() && permits(found->second.rights, access))
                return frames_[found->second.frame][address % pager::page_size / sizeof(Word)];
            waits_ = true;
            ask(address, access);
            if (denied_)
                throw Denied(*std::exchange(denied_, std::nullopt));
        }
        throw std::runtime_error("the pager answers, but the thread faults again");
    }

    /// The kernel's message to the pager, through the kit's loop.
    void ask(Word address, pager::Access access) {
        ++faults_;
        constexpr Word user = 4, written = 2, fetched = 16; // the CPU's error code
        const bool present = is_mapped(address);
        const Word code = user | Word{present} | (access == pager::Access::write ? written : 0) |
                          (access == pager::Access::execute ? fetched : 0);
        Word taken = 0;
        for (Word i = 0; i < 16; ++i)
            taken |= Word{is_mapped((page_of(address) & ~(16 * pager::page_size - 1)) + i * pager::page_size)} << i;
        constexpr unsigned level_shift = 8, hands_off_shift = 48;
        const abi::KeeperFaultInfo info(code | Word{1} << level_shift | taken << hands_off_shift);
        const abi::MessageInfo label(static_cast<Word>(abi::Fault::keeper_fault), abi::keeper_fault::length);
        const Received fault{{label, instruction, address, info.raw(), 0}, Badge{1}};
        static_cast<void>(pager::serve_one(desk_, *pager_, fault));
    }

    void carry_out(const Call& call) {
        if (call.info.label() == static_cast<Word>(abi::PagerAnswer::deny)) {
            denied_ = static_cast<uint8_t>(call.words.at(0));
            return;
        }
        if (call.info.label() != static_cast<Word>(abi::PagerAnswer::map))
            throw std::runtime_error("there is no pager behind this one");
        for (size_t next = 0; next < call.words.size();) {
            const Word frame = call.words[next] - layout_.first_slot;
            const abi::Place place(call.words.at(next + 1));
            next += place.copies() ? 3 : 2;
            const abi::PageRights rights = place.rights();
            const bool possible = rights.can_read() && !(rights.can_write() && rights.can_execute());
            if (frame >= frames_.size() || !place.is_valid() || !possible)
                throw std::runtime_error("the kernel would refuse what the pager maps");
            mapped_[place.address()] = {frame, rights};
        }
    }

    static constexpr Word instruction = 0x40'0000;
    pager::FrameStore::Layout layout_;
    std::vector<std::array<Word, pager::page_size / sizeof(Word)>> frames_;
    std::map<Word, Mapping> mapped_; ///< by address
    pager::TableStock tables_;
    pager::Desk desk_{Endpoint(1), Reply(2), tables_};
    Pager* pager_ = nullptr;
    std::optional<uint8_t> denied_;
    bool waits_ = true;
    unsigned faults_ = 0;
};

} // namespace sys::host
