// SPDX-License-Identifier: BSD-2-Clause
// Pages with something made of them. Frames stay frames, mapped in the pager's window, and are used again; a few are kept
// clear, so that a fault need not wait for that. Quotas are not looked at here.
#pragma once

#include <pager/client.hpp>
#include <pager/kernel_memory.hpp>
#include <pager/page_pool.hpp>

namespace pager {

class Memory {
public:
    static constexpr unsigned stock_size = 32;
    /// Pages that only those get who have memory already and need it back from a swap slot.
    static constexpr unsigned reserve = 16;

    PagePool& pool() { return pool_; }
    const PagePool& pool() const { return pool_; }
    PageRecord& record(Page page) const { return pool_.record(page); }

    /// A frame that no client sees, with zeroes in it or with anything. no_memory_page if only the reserve is left.
    Result<Page> take_clear_frame();
    Result<Page> take_frame();
    /// As take_frame, of the reserve if need be.
    Result<Page> take_reserved_frame();
    /// Nobody maps it any longer. If somebody else was given a capability, that ends with the frame.
    void put_back_frame(Page frame);

    /// A page made into `type` and entered in the client's list; no_memory_* by what it was for.
    Result<Page> take_for(Client& client, abi::ObjectType type, Use use, Word address, uint8_t span_bits = 0);
    /// Destroys the newest page of the client's list.
    void give_back_newest(Client& client);

    /// A huge page that nobody maps and that reads as zero; no_memory_page if no chunk is free as a whole.
    Result<Block> take_block();
    /// Nobody maps it any longer. If it is part of a giant page, see there.
    void put_back_block(Block block);
    /// Its memory is free if nobody has any part of it.
    void put_back_giant(Giant giant);

    /// A giant page that nobody maps and that reads as zero; no_memory_page if there is no memory for it, kernel errors if
    /// there are no giant pages.
    Result<Giant> take_giant();

    bool is_stock_low() const { return stocked_ < stock_size / 2; }
    /// Fills the stock as far as memory allows.
    void refill_stock();
    /// Free pages, ready ones included.
    Word free_count() const { return pool_.free_count() + stocked_ + waiting_; }
    bool is_short() const { return free_count() <= reserve; }

private:
    Result<Page> take_waiting();
    Result<Page> make_frame();
    Result<Page> obtain_raw();
    Result<Page> obtain_clear();
    Page take_stocked();
    Result<uint32_t> find_chunk();
    void forget_waiting(uint32_t first, uint32_t end);
    Result<Giant> find_giant();

    PagePool pool_;
    Page stock_[stock_size]; ///< clear
    unsigned stocked_ = 0;
    Page first_waiting_; ///< frames with anything in them
    Word waiting_ = 0;
    bool has_giants_ = true; ///< as far as is known
};

/// A frame that must stay where it is for a while.
class Hold {
public:
    Hold(Memory& memory, Page frame) : record_(memory.record(frame)), before_(record_.is_held) {
        record_.is_held = true;
    }
    ~Hold() { record_.is_held = before_; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

private:
    PageRecord& record_;
    bool before_;
};

} // namespace pager
