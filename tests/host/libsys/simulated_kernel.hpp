// SPDX-License-Identifier: BSD-2-Clause
// A fake kernel that knows objects: Retype, Revoke, Delete, paging structures and frames with contents. Strict where
// the real one is: a taken slot, a missing table or a second mapping is an error.
#pragma once

#include <abi/error.hpp>
#include <abi/invocation.hpp>
#include <abi/object.hpp>
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <sys/raw/syscall.hpp>
#include <vector>

class SimulatedKernel : public sys::host::Kernel {
public:
    using Word = abi::Word;
    static constexpr Word page_size = 4096;

    struct Mapping {
        Word space = 0;
        Word address = 0;
        Word rights = 0;
        Word attributes = 0;
    };
    struct Object {
        abi::ObjectType type{};
        unsigned bits = 0;
        Word parent = 0; ///< slot of the untyped it was made of
        Word used = 0;   ///< bytes of an untyped given out
        bool has_asid = false;
        bool mapped = false;
        Mapping mapping{};
        std::array<uint8_t, page_size> content{};
    };

    SimulatedKernel() { sys::host::kernel = this; }
    ~SimulatedKernel() override { sys::host::kernel = nullptr; }
    SimulatedKernel(const SimulatedKernel&) = delete;
    SimulatedKernel& operator=(const SimulatedKernel&) = delete;

    void add_untyped(Word slot, unsigned bits) { objects[slot] = {.type = abi::ObjectType::untyped, .bits = bits}; }
    void add_space(Word slot) { objects[slot] = {.type = abi::ObjectType::pml4, .bits = 12, .has_asid = true}; }
    /// The caller's own address space and the page in it that is real memory of the test.
    void set_window(Word space, void* memory) {
        window_space_ = space;
        window_ = memory;
    }
    /// From now on the nth Retype (1 = the next) and all later ones fail for want of memory.
    void fail_retype_after(unsigned n) { retypes_left_ = n; }

    size_t count(abi::ObjectType type) const {
        return static_cast<size_t>(std::count_if(objects.begin(), objects.end(),
                                                 [&](const auto& entry) { return entry.second.type == type; }));
    }
    /// The frame mapped at `address` of `space`.
    const Object* frame_at(Word space, Word address) const {
        for (const auto& [slot, object] : objects)
            if (object.type == abi::ObjectType::frame_4k && object.mapped && object.mapping.space == space &&
                object.mapping.address == address)
                return &object;
        return nullptr;
    }

    void enter(const sys::host::Call& call, sys::raw::Registers& registers, abi::IpcBuffer&) override {
        details_ = {};
        const abi::Error error = invoke(call);
        registers = {
            0, abi::MessageInfo(static_cast<Word>(error), 4).raw(), details_[0], details_[1], details_[2], details_[3]};
    }

    std::map<Word, Object> objects; ///< by slot
    unsigned calls = 0;

private:
    abi::Error invoke(const sys::host::Call& call) {
        ++calls;
        switch (static_cast<abi::Invocation>(call.info.label())) {
        case abi::Invocation::untyped_retype: return retype(call);
        case abi::Invocation::cnode_revoke: return revoke(call.words[0]), abi::Error::none;
        case abi::Invocation::cnode_delete: return remove(call.words[0]), abi::Error::none;
        case abi::Invocation::asid_pool_assign: objects.at(call.caps[0]).has_asid = true; return abi::Error::none;
        case abi::Invocation::pdpt_map: return map_table(call, 39);
        case abi::Invocation::page_directory_map: return map_table(call, 30);
        case abi::Invocation::page_table_map: return map_table(call, 21);
        case abi::Invocation::page_map: return map_frame(call);
        case abi::Invocation::page_unmap: return unmap_frame(objects.at(call.target)), abi::Error::none;
        default: return abi::Error::illegal_operation;
        }
    }

    abi::Error retype(const sys::host::Call& call) {
        if (retypes_left_ != 0 && --retypes_left_ == 0) {
            retypes_left_ = 1;
            return abi::Error::not_enough_memory;
        }
        const auto type = static_cast<abi::ObjectType>(call.words[0]);
        const unsigned bits = abi::object_bits(type, static_cast<unsigned>(call.words[1]));
        Object& memory = objects.at(call.target);
        if (!has_children(call.target))
            memory.used = 0;
        const Word size = Word{1} << bits;
        const Word start = (memory.used + size - 1) & ~(size - 1);
        const Word depth =
            call.words[3]; // 0: into the root itself; else into a CNode in it, whose slots have these numbers
        const Word first = (depth == 0 ? 0 : call.words[2] << (abi::word_bits - depth)) + call.words[4];
        for (Word i = 0; i < call.words[5]; ++i)
            if (objects.count(first + i) != 0)
                return abi::Error::delete_first;
        if (start + call.words[5] * size > Word{1} << memory.bits)
            return abi::Error::not_enough_memory;
        memory.used = start + call.words[5] * size;
        for (Word i = 0; i < call.words[5]; ++i)
            objects[first + i] = {.type = type, .bits = bits, .parent = call.target};
        return abi::Error::none;
    }

    bool has_children(Word slot) const {
        return std::any_of(objects.begin(), objects.end(),
                           [&](const auto& entry) { return entry.second.parent == slot; });
    }
    void revoke(Word slot) {
        std::vector<Word> children;
        for (const auto& [child, object] : objects)
            if (object.parent == slot)
                children.push_back(child);
        for (const Word child : children) {
            if (objects.count(child) != 0 && objects[child].type == abi::ObjectType::untyped)
                revoke(child);
            remove(child);
        }
    }
    void remove(Word slot) {
        if (objects.count(slot) == 0)
            return;
        if (objects[slot].mapped && objects[slot].type == abi::ObjectType::frame_4k)
            unmap_frame(objects[slot]);
        objects.erase(slot);
    }

    /// A table of `space` that covers 2^bits bytes around `address`.
    bool has_table(abi::ObjectType type, Word space, Word address, unsigned bits) const {
        return std::any_of(objects.begin(), objects.end(), [&](const auto& entry) {
            const Object& object = entry.second;
            return object.type == type && object.mapped && object.mapping.space == space &&
                   object.mapping.address >> bits == address >> bits;
        });
    }
    abi::Error missing(Word bits_left) {
        details_ = {0, static_cast<Word>(abi::LookupFailure::missing_capability), bits_left, 0};
        return abi::Error::failed_lookup;
    }
    /// The first level above `level_bits` that is not there, as an error; none if all are.
    abi::Error check_levels(Word space, Word address, unsigned level_bits) {
        if (level_bits < 39 && !has_table(abi::ObjectType::pdpt, space, address, 39))
            return missing(39);
        if (level_bits < 30 && !has_table(abi::ObjectType::page_directory, space, address, 30))
            return missing(30);
        if (level_bits < 21 && !has_table(abi::ObjectType::page_table, space, address, 21))
            return missing(21);
        return abi::Error::none;
    }
    /// A table that spans 2^span_bits bytes.
    abi::Error map_table(const sys::host::Call& call, unsigned span_bits) {
        Object& table = objects.at(call.target);
        if (table.mapped)
            return abi::Error::invalid_capability;
        if (!objects.at(call.caps[0]).has_asid)
            return abi::Error::invalid_capability;
        if (const abi::Error error = check_levels(call.caps[0], call.words[0], span_bits); error != abi::Error::none)
            return error;
        if (has_table(table.type, call.caps[0], call.words[0], span_bits))
            return abi::Error::delete_first;
        table.mapped = true;
        table.mapping = {call.caps[0], call.words[0], 0, 0};
        return abi::Error::none;
    }
    abi::Error map_frame(const sys::host::Call& call) {
        Object& frame = objects.at(call.target);
        if (frame.type != abi::ObjectType::frame_4k)
            return abi::Error::illegal_operation;
        if (!objects.at(call.caps[0]).has_asid)
            return abi::Error::invalid_capability;
        if (frame.mapped)
            return abi::Error::invalid_argument;
        if (call.words[0] % page_size != 0)
            return abi::Error::alignment_error;
        if (const abi::Error error = check_levels(call.caps[0], call.words[0], 12); error != abi::Error::none)
            return error;
        frame.mapped = true;
        frame.mapping = {call.caps[0], call.words[0], call.words[1], call.words[2]};
        if (is_window(frame))
            std::memcpy(window_, frame.content.data(), page_size);
        return abi::Error::none;
    }
    void unmap_frame(Object& frame) {
        if (frame.mapped && is_window(frame))
            std::memcpy(frame.content.data(), window_, page_size);
        frame.mapped = false;
    }
    bool is_window(const Object& frame) const {
        return window_ != nullptr && frame.mapping.space == window_space_ &&
               frame.mapping.address == reinterpret_cast<Word>(window_);
    }

    std::array<Word, 4> details_{};
    unsigned retypes_left_ = 0;
    Word window_space_ = 0;
    void* window_ = nullptr;
};
