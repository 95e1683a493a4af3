// SPDX-License-Identifier: BSD-2-Clause
// Protocol of the pager: address spaces, what is mapped in them, and what became of their threads.
//
// One endpoint, badge = client number (a process's number); init holds the badge `init_badge` and names a client in each
// request. The page faults of a client's threads arrive at the same endpoint with the client's badge, so every label here
// lies above all fault labels. What the pager refuses it denies: the supervisor, init, is told by which `Refusal`.
//
// The pager may die and start again in the middle of a request; the caller notices nothing, because the kernel repeats its
// call. Requests that must not happen twice have a number (`request`) for that: different for each of one client, not 0.
#pragma once

#include <sys/cap/endpoint.hpp>
#include <sys/cap/frame.hpp>
#include <sys/cap/notification.hpp>
#include <sys/error.hpp>
#include <sys/ipc/memory_object.hpp>
#include <sys/ipc/protocol.hpp>
#include <sys/ipc/refusal.hpp>
#include <sys/ipc/region_kind.hpp>

namespace sys::protocol::pager {

/// The badge of init's capability; clients have the numbers of their processes.
inline constexpr Word init_badge = Word{1} << 62;
/// Numbers with this bit are memory objects, not clients.
inline constexpr Word object_bit = Word{1} << 40;
/// Slots of a client's keeper table: the supervisor is init, the keeper of its memory is the pager.
inline constexpr Word supervisor = 0, keeper = 1;
/// In `space`: the caller's own. Only init may name another.
inline constexpr Word own_space = 0;

enum class Error : Word {
    zero_size = protocol_error_base(Protocol::pager), ///< a mapping of no bytes
    unaligned, ///< address or size is not a multiple of the page size
    wraps, ///< address + size exceeds 2^64
    kernel_half, ///< reaches beyond the user half
    too_large, ///< above 1 GiB in one request
    over_quota, ///< the client may not hold that many pages; detail 0 = pages left
    overlap, ///< a region is there already; detail 0 = its address
    too_many_regions, ///< detail 0 = limit
    write_and_execute, ///< no page is ever both
    no_such_space, ///< no client of that number
    space_exists, ///< a client of that number is already there
    no_such_region, ///< nothing mapped at that address
    no_memory_pml4, ///< out of memory, and for what
    no_memory_pdpt,
    no_memory_pd,
    no_memory_pt,
    no_memory_page,
    bad_archive_range, ///< the bytes named are not all inside the boot archive
    not_device, ///< not memory that the pager was given under its physical address
    not_init, ///< only init may ask this
    not_writable, ///< the bytes named are not in mapped, writable regions
    kernel_refused, ///< the kernel answered with an error; detail 0 = it
    no_such_object, ///< no capability of a memory object came along
    no_such_file, ///< not in the boot archive
    no_swap, ///< swap is attached already, or this client may not offer it
    last,
};

/// What a region's pages may do. Write and execute exclude each other.
namespace access {
inline constexpr Word read = 0, write = 1, execute = 2;
}

/// Modifiers of a mapping request.
namespace option {
inline constexpr Word populate = 1; ///< all pages now, not at first touch
inline constexpr Word sequential = 2; ///< pages are touched in order: a fault may bring the aligned 16 around it
inline constexpr Word private_copy = 4; ///< of an object: what is written is seen by nobody else
inline constexpr Word huge = 8; ///< huge pages, where address, memory and quota allow; so it is with populate, too
} // namespace option

/// What a client may be.
namespace trait {
inline constexpr Word announce = 1; ///< what happens to its space is told on the log
inline constexpr Word pinned = 2; ///< its pages stay in memory
inline constexpr Word inspector = 4; ///< it may look at others
inline constexpr Word swap = 8; ///< it may offer swap slots
inline constexpr Word fixed = 16; ///< addresses that the pager chooses are the same each time
} // namespace trait

/// Advice on a range.
enum class Advice : Word { prefetch = 1, sequential = 2, random = 3, evict = 4 };

/// Where a region was mapped.
struct Mapped {
    Word address = 0; ///< where it begins
    Word pages_present = 0; ///< pages in the tables when the request was done
};

// ---- requests of init -------------------------------------------------------------------------------------------

/// A new, empty address space. Reply: a capability to its PML4.
struct CreateSpace {
    static constexpr Word label = request_label(Protocol::pager, 0);
    using Brings = VSpace;
    struct Reply {
        Word pml4_address = 0; ///< physical
    };
    Word client = 0; ///< number of the process
    Word quota_pages = 0; ///< pages of memory, present or swapped out
    Word quota_tables = 0; ///< pages for paging structures and what goes with them
    Word traits = 0; ///< namespace trait, together
    Word request = 0;
};

/// Ends a client: unmaps and frees all it had. Reply: how many pages came back.
struct DestroySpace {
    static constexpr Word label = request_label(Protocol::pager, 1);
    struct Reply {
        Word pages_freed = 0; ///< of 4 KiB
    };
    Word client = 0; ///< number of the process
};

/// A part of an ELF file in the boot archive, copied page by page at first touch; behind `file_size` the bytes are zero.
struct MapImage {
    static constexpr Word label = request_label(Protocol::pager, 2);
    using Reply = Mapped;
    Word client = 0; ///< number of the process
    Word address = 0; ///< any; the region covers the pages it touches
    Word memory_size = 0; ///< bytes
    Word archive_offset = 0; ///< where the bytes for `address` are in the archive
    Word file_size = 0; ///< at most memory_size
    Word rights = access::read; ///< namespace access, together
    Word options = 0; ///< namespace option
    Word request = 0;
};

/// A stack that grows down from `top` by touching; below it lies a guard page.
struct MapStack {
    static constexpr Word label = request_label(Protocol::pager, 3);
    using Reply = Mapped;
    Word client = 0; ///< number of the process
    Word top = 0; ///< end, a multiple of the page size
    Word size = 0; ///< bytes, the most it may grow to
    Word committed = 0; ///< bytes below the top that are mapped at once
    Word request = 0;
};

/// The frame behind a page, for the kernel's use as IPC buffer: a capability. Populates the page.
struct GetFrame {
    static constexpr Word label = request_label(Protocol::pager, 4);
    using Brings = Frame;
    using Reply = Mapped;
    Word client = 0; ///< number of the process
    Word address = 0; ///< anywhere in the page
};

/// Writes the payload into a client that does not run yet, populating pages: into what it may write to, and into data of images.
struct WriteMemory {
    static constexpr Word label = request_label(Protocol::pager, 5);
    using Reply = Empty;
    static constexpr unsigned max_bytes = 896;
    Word client = 0; ///< number of the process
    Word address = 0; ///< of the first byte
};

/// Maps memory that init lent to the pager (protocol/pager_startup.hpp): an identity map if `address` = `physical`.
struct MapLent {
    static constexpr Word label = request_label(Protocol::pager, 6);
    using Reply = Mapped;
    Word client = 0; ///< number of the process
    Word address = 0; ///< virtual
    Word physical = 0; ///< of the first page
    Word size = 0; ///< bytes, whole pages
    Word rights = access::read; ///< namespace access
    Word memory_type = 0; ///< abi::MemoryType
    Word request = 0;
};

/// A new address space `child` with all the memory of `client`, copied when it is written to. Reply as CreateSpace.
struct CloneSpace {
    static constexpr Word label = request_label(Protocol::pager, 7);
    using Brings = VSpace;
    using Reply = CreateSpace::Reply;
    Word client = 0; ///< who is copied
    Word child = 0; ///< number of the copy
    Word request = 0;
};

// ---- requests of anybody for its own space -------------------------------------------------------------------------

/// Anonymous memory that reads as zero. address 0: the pager chooses.
struct MapAnonymous {
    static constexpr Word label = request_label(Protocol::pager, 16);
    using Reply = Mapped;
    Word client = own_space; ///< 0: the caller
    Word address = 0; ///< 0: the pager chooses
    Word size = 0; ///< bytes, whole pages, at most 1 GiB
    Word rights = access::write; ///< namespace access
    Word options = 0; ///< namespace option
    Word request = 0;
};

/// Takes away the region that starts at `address`.
struct Unmap {
    static constexpr Word label = request_label(Protocol::pager, 17);
    struct Reply {
        Word pages_freed = 0; ///< of 4 KiB
    };
    Word client = own_space; ///< 0: the caller
    Word address = 0; ///< where the region starts
    Word request = 0;
};

/// Pages of regions that are mapped at once instead of at first touch.
struct Populate {
    static constexpr Word label = request_label(Protocol::pager, 18);
    using Reply = Mapped;
    Word client = own_space; ///< 0: the caller
    Word address = 0; ///< a multiple of the page size
    Word size = 0; ///< bytes, whole pages
};

/// A read-only view of the boot archive.
struct MapArchive {
    static constexpr Word label = request_label(Protocol::pager, 19);
    struct Reply {
        Word address = 0; ///< where it is now
        Word size = 0; ///< bytes
    };
    Word client = own_space; ///< 0: the caller
    Word request = 0;
};

/// What the pager has, and what the caller has of it.
struct Statistics {
    static constexpr Word label = request_label(Protocol::pager, 20);
    struct Reply {
        Word pages_total = 0; ///< of 4 KiB
        Word pages_free = 0; ///< that nobody has
        Word clients = 0; ///< processes with a space
        Word faults_served = 0; ///< answered with a page
        Word faults_refused = 0; ///< told to init
        Word requests = 0; ///< messages that were no faults
        Word own_pages = 0; ///< of the caller: pages in memory
        Word own_tables = 0; ///< pages of the asking client's tables
        Word own_quota = 0; ///< pages that the asking client may have
        Word swap_slots = 0; ///< pages that fit
        Word swap_used = 0; ///< of these
        Word swap_writes = 0; ///< pages, since this instance of the pager was started
        Word swap_reads = 0; ///< pages
        Word instances = 0; ///< how often a pager has been started
    };
};

/// A memory object of zeroes, which several may map. Reply: a capability of it, to be handed on. It stays until its maker has
/// released it, or is gone, and nobody maps it.
struct CreateObject {
    static constexpr Word label = request_label(Protocol::pager, 21);
    using Brings = MemoryObject;
    struct Reply {
        Word object = 0; ///< number
    };
    Word size = 0; ///< bytes, rounded up to pages
    Word request = 0;
};
/// Its maker no longer needs a memory object: it goes when nobody maps it.
struct ReleaseObject {
    static constexpr Word label = request_label(Protocol::pager, 22);
    using Reply = Empty;
    Word object = 0; ///< number, from CreateObject
};
/// Maps a memory object, whose capability comes along. address 0: the pager chooses.
struct MapObject {
    static constexpr Word label = request_label(Protocol::pager, 23);
    using Carries = CapabilityList<MemoryObject>;
    using Reply = Mapped;
    Word address = 0; ///< 0: the pager chooses
    Word offset = 0; ///< in the object, whole pages
    Word size = 0; ///< 0: all behind offset
    Word rights = access::read; ///< namespace access
    Word options = 0; ///< namespace option
    Word request = 0;
};
/// Maps a file of the boot archive, whose path follows. All who map it share its pages: with rights to write without
/// `private_copy` they see each other's changes, which last as long as somebody maps it.
struct MapFile {
    static constexpr Word label = request_label(Protocol::pager, 24);
    struct Reply {
        Word address = 0;
        Word size = 0; ///< of the file, bytes
    };
    Word address = 0;
    Word rights = access::read;
    Word options = 0;
    Word request = 0;
};

/// What will happen to a range of the caller.
struct Advise {
    static constexpr Word label = request_label(Protocol::pager, 25);
    struct Reply {
        Word pages = 0; ///< brought or taken away
    };
    Word address = 0; ///< a multiple of the page size
    Word size = 0; ///< bytes, whole pages
    Word advice = 0; ///< Advice
};

/// The notification that comes along is signalled when memory is running short, before pages are taken away.
struct WatchPressure {
    static constexpr Word label = request_label(Protocol::pager, 26);
    using Carries = CapabilityList<Signal>;
    using Reply = Empty;
};

/// The first client whose number is at least `from`, and what it has. Of others: for inspectors only.
struct InspectClient {
    static constexpr Word label = request_label(Protocol::pager, 27);
    struct Reply {
        Word client = 0; ///< 0: there is none
        Word frames = 0; ///< pages present
        Word tables = 0; ///< pages of its tables
        Word swapped = 0; ///< pages in swap
        Word quota_frames = 0; ///< pages that it may have, present or swapped out
        Word served = 0; ///< faults that were answered with a page
        Word zero = 0; ///< of these, by where the page came from
        Word file = 0; ///< from the archive
        Word shared = 0; ///< a page that others have, too
        Word copied = 0; ///< a copy, because it wrote
        Word swapped_in = 0; ///< read back from swap
        Word around = 0; ///< pages that came with their neighbour's fault
        Word refused = 0; ///< faults that were told to init
        Word evicted = 0; ///< pages taken away
        Word huge = 0; ///< huge and giant pages, of 2 MiB and 1 GiB, that it was given
        Word cycles = 0; ///< time-stamp cycles spent on its faults
    };
    Word from = 0; ///< 0: the first one
};
/// The first region of a client that ends above `from`.
struct InspectRegion {
    static constexpr Word label = request_label(Protocol::pager, 28);
    struct Reply {
        Word start = 0; ///< address
        Word end = 0; ///< 0: there is none
        Word backing = 0; ///< RegionKind
        Word rights = 0; ///< namespace access
        Word resident = 0; ///< pages
        Word shared = 0; ///< of these, pages that others have, too
        Word swapped = 0; ///< pages in swap
        Word faults = 0; ///< since it was mapped
        Word huge = 0; ///< of the resident pages, those that are in huge or giant pages
    };
    Word client = 0; ///< number of the process
    Word from = 0; ///< address; 0: the first one
};
/// Offers `slots` pages of swap. Two capabilities come along: of a memory object of one page, through which pages travel, and
/// of the endpoint that serves protocol/swap.hpp. Reply: the physical address of that page.
struct AttachSwap {
    static constexpr Word label = request_label(Protocol::pager, 29);
    using Carries = CapabilityList<MemoryObject, Endpoint>;
    struct Reply {
        Word physical = 0; ///< of the page that travels
    };
    Word slots = 0; ///< pages that fit
};

constexpr const char* describe(Error value) {
    switch (value) {
    case Error::zero_size: return "the size must not be 0";
    case Error::unaligned: return "address or size is not aligned to a page";
    case Error::wraps: return "address and size wrap around";
    case Error::kernel_half: return "the range reaches beyond the user half";
    case Error::too_large: return "more than 1 GiB in one request";
    case Error::over_quota: return "over the quota of the client";
    case Error::overlap: return "a region is there already";
    case Error::too_many_regions: return "too many regions";
    case Error::write_and_execute: return "no page may be writable and executable";
    case Error::no_such_space: return "no such address space";
    case Error::space_exists: return "the address space exists already";
    case Error::no_such_region: return "no region there";
    case Error::no_memory_pml4: return "out of memory for a PML4";
    case Error::no_memory_pdpt: return "out of memory for a PDPT";
    case Error::no_memory_pd: return "out of memory for a page directory";
    case Error::no_memory_pt: return "out of memory for a page table";
    case Error::no_memory_page: return "out of memory for a page";
    case Error::bad_archive_range: return "not inside the boot archive";
    case Error::not_device: return "not memory that the pager was lent";
    case Error::not_init: return "only init may ask this";
    case Error::not_writable: return "not in a writable region";
    case Error::kernel_refused: return "the kernel refused";
    case Error::no_such_object: return "no capability of a memory object";
    case Error::no_such_file: return "no such file in the boot archive";
    case Error::no_swap: return "swap is attached already, or may not be offered";
    case Error::last: break;
    }
    return "unknown error of the pager";
}

} // namespace sys::protocol::pager
