// SPDX-License-Identifier: BSD-2-Clause
// Taking and giving back.
#include <pager/memory.hpp>

#include <sys/protocol/pager.hpp>

namespace pager {

namespace {

using sys::protocol::pager::Error;

Error no_memory_for(abi::ObjectType type) {
    switch (type) {
    case abi::ObjectType::pml4: return Error::no_memory_pml4;
    case abi::ObjectType::pdpt: return Error::no_memory_pdpt;
    case abi::ObjectType::page_directory: return Error::no_memory_pd;
    case abi::ObjectType::page_table: return Error::no_memory_pt;
    default: return Error::no_memory_page;
    }
}

} // namespace

/// A page with nothing made of it: from the pool, or at the very end from the stock.
Result<Page> Memory::obtain_raw() {
    Result<Page> page = pool_.allocate();
    if (page || stocked_ == 0)
        return page;
    const Page ready = stock_[--stocked_];
    kernel_memory::reclaim(ready);
    return ready;
}

Result<Page> Memory::obtain(abi::ObjectType type) {
    if (type == abi::ObjectType::frame_4k && stocked_ > 0)
        return stock_[--stocked_];
    const Result<Page> page = obtain_raw();
    if (!page)
        return no_memory_for(type);
    const Result<void> made = kernel_memory::make(*page, type);
    if (made)
        return *page;
    pool_.release(*page);
    return made.error() == abi::Error::not_enough_memory ? sys::Error(no_memory_for(type)) : made.error();
}

Result<Page> Memory::take(Account& account, abi::ObjectType type, Word address, Use use) {
    if (account.pages >= account.quota)
        return sys::Error(Error::over_quota, 0);
    const Page page = TRY(obtain(type));
    pool_.enter(page, account.client, address, use, account.newest);
    ++account.pages;
    return page;
}

void Memory::give_back(Account& account, Page page) {
    kernel_memory::reclaim(page);
    pool_.remove(page, account.newest);
    pool_.release(page);
    --account.pages;
}

void Memory::give_back_since(Account& account, Page mark) {
    while (account.newest != mark) {
        const Page page = pool_.remove_newest(account.newest);
        kernel_memory::reclaim(page);
        pool_.release(page);
        --account.pages;
    }
}

void Memory::refill_stock() {
    while (stocked_ < stock_size) {
        const Result<Page> page = pool_.allocate();
        if (!page)
            return;
        if (!kernel_memory::make(*page, abi::ObjectType::frame_4k)) {
            pool_.release(*page);
            return;
        }
        stock_[stocked_++] = *page;
    }
}

} // namespace pager
