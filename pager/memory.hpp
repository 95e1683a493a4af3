// SPDX-License-Identifier: BSD-2-Clause
// Pages with something made of them: what is taken from the pool for a client, within its quota, and a stock of frames
// that are ready to be mapped, so that a warm fault costs one kernel call.
#pragma once

#include <pager/kernel_memory.hpp>
#include <pager/page_pool.hpp>

namespace pager {

/// What a client holds.
struct Account {
    uint32_t client = 0;       ///< its index
    Page newest;               ///< head of the list of its pages
    Word pages = 0;
    Word quota = 0;
};

class Memory {
public:
    static constexpr unsigned stock_size = 32;

    PagePool& pool() { return pool_; }
    const PagePool& pool() const { return pool_; }

    /// A page for `account`, made into `type` and entered at `address`. over_quota, or no_memory_* by what it was for.
    Result<Page> take(Account& account, abi::ObjectType type, Word address, Use use);
    /// Destroys one page of an account.
    void give_back(Account& account, Page page);
    /// Destroys the pages that the account got since its newest one was `mark`, newest first.
    void give_back_since(Account& account, Page mark);

    bool is_stock_low() const { return stocked_ < stock_size / 2; }
    /// Fills the stock as far as memory allows.
    void refill_stock();
    /// Free pages, ready ones included.
    Word free_count() const { return pool_.free_count() + stocked_; }

private:
    Result<Page> obtain_raw();
    Result<Page> obtain(abi::ObjectType type);

    PagePool pool_;
    Page stock_[stock_size];
    unsigned stocked_ = 0;
};

} // namespace pager
