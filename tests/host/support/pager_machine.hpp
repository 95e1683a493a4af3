// SPDX-License-Identifier: BSD-2-Clause
// A pager over the simulated kernel, clients that touch their memory, and new instances of the pager when one has died.
#pragma once

#include <catch.hpp>
#include <fake_kernel_memory.hpp>
#include <pager/recovery.hpp>

namespace test {

using namespace pager;
using sys::Word;

/// The value of a Result, which a death may interrupt: Catch's own macros would take that for a failure.
template <class T>
void must(const sys::Result<T>& result) {
    REQUIRE(result.is_ok());
}

struct Pager {
    Memory memory;
    Swap swap;
    ClientTable clients{memory};
    Tables tables{memory, swap};
    Clock clock{memory, clients, tables, swap};
    AddressSpaces spaces;

    explicit Pager(Archive archive) : spaces(memory, clients, tables, swap, clock, archive) {}
};

struct Machine {
    unsigned chunks;
    unsigned giants;
    uint32_t swap_slots;
    std::vector<uint8_t> archive_bytes;
    std::unique_ptr<Pager> pager;

    explicit Machine(unsigned chunk_count = 1, uint32_t slots = 0, unsigned giant_count = 0)
        : chunks(chunk_count), giants(giant_count), swap_slots(slots), archive_bytes(20000) {
        fake::reset_kernel_memory();
        fake::kernel_memory().giants_from = giants == 0 ? 0 : Giant::parts;
        for (size_t i = 0; i < archive_bytes.size(); ++i)
            archive_bytes[i] = static_cast<uint8_t>(i * 7 + 1);
        start();
    }
    /// A new instance, over whatever the kernel holds.
    void start() { start_dying(-1); }
    /// One that dies at a step of its recovery; negative: not.
    void start_dying(int death) {
        fake::kernel_memory().steps_until_death = death;
        fake::kernel_memory().steps_until_failure = -1;
        pager = std::make_unique<Pager>(Archive(archive_bytes));
        for (unsigned i = 0; i < chunks; ++i)
            REQUIRE(pager->memory.pool().add_chunk((i + 1) * Word{0x20'0000}));
        for (unsigned i = 1; i <= giants; ++i)
            REQUIRE(pager->memory.pool().add_giant((i * Giant::parts + 1) * Word{0x20'0000}));
        pager->swap.attach(swap_slots);
        Recovery(pager->memory, pager->clients, pager->tables, pager->swap, pager->spaces).run();
        fake::kernel_memory().steps_until_death = -1;
    }

    AddressSpaces& spaces() { return pager->spaces; }
    Client* client(Word number) { return pager->clients.find(number); }
    Client& create(Word number, Word frames = 1000, Word tables = 1000) {
        return *spaces().create(number, {frames, tables}, number).take();
    }
    /// A memory object of so many pages that client 1 made.
    Client& create_object(Word number, Word pages) {
        Client& object = *spaces().begin(number, {pages, 100}, number).take();
        const Region content{.range = {object_base, object_base + pages * page_size}, .writable = true};
        must(spaces().map(object, content, {}));
        object.owner = 1;
        commit(object.state, ClientState::there);
        return object;
    }

    /// What a client does: it tries, and what faults is provided. Null: refused.
    uint8_t* touch(Word number, Word address, bool write) {
        for (int tries = 0; tries < 3; ++tries) {
            Client* const who = client(number);
            if (uint8_t* const byte = fake::kernel_memory().access(who->pml4, address, write))
                return byte;
            const Decision decision = decide(who->regions, {.address = address, .write = write});
            if (decision.refusal == Refusal::none) {
                const Result<bool> block = spaces().provide_block(*who, *decision.region, decision.page, write);
                if (block && *block)
                    continue;
            }
            if (decision.refusal != Refusal::none || !spaces().provide(*who, *decision.region, decision.page, write))
                return nullptr;
        }
        FAIL("a fault that is served and comes again");
        return nullptr;
    }
    void put(Word number, Word address, uint8_t value) {
        uint8_t* const byte = touch(number, address, true);
        REQUIRE(byte != nullptr);
        *byte = value;
    }
    uint8_t get(Word number, Word address) {
        const uint8_t* const byte = touch(number, address, false);
        REQUIRE(byte != nullptr);
        return *byte;
    }
    const fake::Entry* entry(Word number, Word address) {
        return fake::kernel_memory().entry(client(number)->pml4, address);
    }

    void check_nothing_lost() {
        for (const bool objects : {false, true}) {
            for (Client* left = pager->clients.first(); left != nullptr;) {
                if (left->is_object() == objects)
                    spaces().destroy(*left);
                left = left->is_object() == objects ? pager->clients.first() : pager->clients.next(*left);
            }
        }
        CHECK(pager->memory.free_count() == pager->memory.pool().total());
        CHECK(pager->swap.used() == 0);
        CHECK(fake::kernel_memory().mapped_pages() == 0);
        CHECK(fake::kernel_memory().copies.empty());
        CHECK(fake::kernel_memory().structures.empty());
    }
};

/// A region of huge pages, and of giant ones if it is that large.
inline Region huge(Word start, Word pages, Word request = 0) {
    return {.range = {start, start + pages * page_size}, .writable = true, .is_huge = true, .request = request};
}

inline Region writable(Word start, Word pages, Word request = 0) {
    return {.range = {start, start + pages * page_size}, .writable = true, .request = request};
}

} // namespace test
