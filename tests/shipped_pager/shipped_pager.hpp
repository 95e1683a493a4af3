// SPDX-License-Identifier: BSD-2-Clause
// The shipped pager (pager/) as a subject: its server, its loop and its kernel calls, in a CSpace of its own as init makes it. A
// swap server stands behind it.
#pragma once

#include <pager/recovery.hpp>
#include <pager/serve.hpp>
#include <tests/pagers/subject.hpp>

namespace conformance {

class Shipped : public Subject {
public:
    Result<void> set_up(Stage& stage, const Provision& provision) override;
    Result<void> start(Stage& stage, const Provision& provision) override;
    void kill(Stage& stage) override;
    sys::Endpoint endpoint() const override { return as_client_; }
    Word free_frames() const override { return instance->memory.free_count(); }
    /// It has a request of its own for that.
    Result<void> evict(Word first, Word count) override;

private:
    static constexpr unsigned pager_thread = 0, swap_thread = 1;
    static constexpr Word client = 1, swap_client = 2, ballast_client = 3;
    static constexpr Word most_swap_slots = 64;

    /// What a process of the pager has in its data.
    struct Instance {
        pager::Memory memory;
        pager::Swap swap;
        pager::ClientTable clients{memory};
        pager::Tables tables{memory, swap};
        pager::Clock clock{memory, clients, tables, swap};
        pager::AddressSpaces spaces;
        pager::Server server;
        Instance(pager::Archive bytes, const sys::archive::Archive& archive)
            : spaces(memory, clients, tables, swap, clock, bytes),
              server(memory, clients, tables, swap, spaces, archive) {}
    };
    /// One at a time, and large.
    static std::optional<Instance> instance;
    static uint8_t swapped[most_swap_slots][page_size];

    struct Watched {
        Shipped& subject;
        void handle(const sys::Incoming& incoming, pager::Reaction& reaction);
        void settle(const pager::Reaction& reaction, unsigned mapped) { instance->server.settle(reaction, mapped); }
    };
    class SwapServer;

    Result<void> make_chunk(Stage& stage);
    Result<void> make_cspace(Stage& stage);
    Result<void> make_startup_block(Stage& stage);
    Result<void> make_space(Stage& stage);
    Result<void> add_swap(Stage& stage, Word slots);
    /// Leaves so many free pages.
    Result<void> add_ballast(Word left);
    Result<sys::Endpoint> pager_for(Stage& stage, Word badge);
    Result<void> run(Stage& stage);
    Result<void> offer_swap();
    static void live(void* self);
    static void serve_swap(void* self);

    sys::Untyped chunk_;
    Word chunk_physical_ = 0;
    sys::CNode root_, small_;
    sys::Endpoint endpoint_, as_init_, as_client_, as_swap_client_, swap_endpoint_;
    sys::Reply reply_, swap_reply_;
    sys::Object swap_object_;
    sys::VSpace space_;
    Word swap_slots_ = 0;
    Word swap_window_ = 0; ///< where the swap server sees the page that travels
    bool has_region_ = false;
};

} // namespace conformance
