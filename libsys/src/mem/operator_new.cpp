// SPDX-License-Identifier: BSD-2-Clause
// operator new and delete over the program's heap. Without exceptions, new that finds no memory stops the program;
// what must survive that uses new (std::nothrow).
#include <new>
#include <sys/mem/heap.hpp>
#include <sys/util/panic.hpp>

namespace sys {

namespace {
constinit Heap heap;

void* allocate_or_panic(size_t size, size_t alignment) {
    void* const memory = heap.allocate_aligned(size, alignment);
    require(memory != nullptr, "operator new: out of memory");
    return memory;
}
} // namespace

Heap& program_heap() { return heap; }

void give_heap(std::span<uint8_t> region) { heap.give(region); }

} // namespace sys

const std::nothrow_t std::nothrow{};

void* operator new(size_t size) { return sys::allocate_or_panic(size, 1); }
void* operator new[](size_t size) { return sys::allocate_or_panic(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) {
    return sys::allocate_or_panic(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
    return sys::allocate_or_panic(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept { return sys::heap.allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return sys::heap.allocate(size); }
void operator delete(void* pointer) noexcept { sys::heap.release(pointer); }
void operator delete[](void* pointer) noexcept { sys::heap.release(pointer); }
void operator delete(void* pointer, size_t) noexcept { sys::heap.release(pointer); }
void operator delete[](void* pointer, size_t) noexcept { sys::heap.release(pointer); }
void operator delete(void* pointer, std::align_val_t) noexcept { sys::heap.release(pointer); }
void operator delete[](void* pointer, std::align_val_t) noexcept { sys::heap.release(pointer); }
void operator delete(void* pointer, size_t, std::align_val_t) noexcept { sys::heap.release(pointer); }
void operator delete[](void* pointer, size_t, std::align_val_t) noexcept { sys::heap.release(pointer); }
