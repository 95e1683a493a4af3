// SPDX-License-Identifier: BSD-2-Clause
// The tree of halves.
#include <abi/object.hpp>
#include <sys/mem/untyped_tree.hpp>
#include <sys/util/panic.hpp>

namespace sys {

Result<UntypedTree::Index> UntypedTree::add(Word slot, unsigned bits) {
    if (bits < abi::min_untyped_bits || bits > abi::max_untyped_bits)
        return ErrorCode::out_of_range;
    for (Index index = 0; index < nodes_.size(); ++index) {
        if (nodes_[index].state != State::unused)
            continue;
        nodes_[index] = {slot, none, none, static_cast<uint8_t>(bits), State::free};
        return index;
    }
    return ErrorCode::out_of_range;
}

Result<UntypedTree::Index> UntypedTree::find(unsigned bits) const {
    Index best = none;
    for (Index index = 0; index < nodes_.size(); ++index) {
        const Node& node = nodes_[index];
        if (node.state != State::free || node.bits < bits)
            continue;
        if (best == none || node.bits < nodes_[best].bits)
            best = index;
    }
    if (best == none)
        return Error(ErrorCode::out_of_memory, bits < abi::word_bits ? Word{1} << bits : 0);
    return best;
}

UntypedTree::Index UntypedTree::find_unused_pair() const {
    for (Index index = 0; index + 1 < nodes_.size(); ++index)
        if (nodes_[index].state == State::unused && nodes_[index + 1].state == State::unused)
            return index;
    return none;
}

Result<UntypedTree::Index> UntypedTree::split(Index index, Word first_slot) {
    Node& node = nodes_[index];
    const Index first = find_unused_pair();
    if (node.state != State::free || node.bits <= abi::min_untyped_bits || first == none)
        return ErrorCode::out_of_range;
    const auto bits = static_cast<uint8_t>(node.bits - 1);
    nodes_[first] = {first_slot, index, none, bits, State::free};
    nodes_[first + 1] = {first_slot + 1, index, none, bits, State::free};
    node.state = State::split;
    node.children = first;
    return first;
}

void UntypedTree::take(Index index) {
    require(nodes_[index].state == State::free, "untyped tree: only what is free can be taken");
    nodes_[index].state = State::taken;
}

UntypedTree::Index UntypedTree::release(Index index) {
    require(nodes_[index].state == State::taken, "untyped tree: only what is taken can be released");
    nodes_[index].state = State::free;
    return joinable_parent(index);
}

UntypedTree::Index UntypedTree::joinable_parent(Index index) const {
    const Index parent = nodes_[index].parent;
    if (parent == none)
        return none;
    const Index first = nodes_[parent].children;
    const bool both_free = nodes_[first].state == State::free && nodes_[first + 1].state == State::free;
    return both_free ? parent : none;
}

Word UntypedTree::join(Index index) {
    Node& node = nodes_[index];
    require(node.state == State::split, "untyped tree: only what is split can be joined");
    const Index first = node.children;
    const Word slot = nodes_[first].slot;
    nodes_[first] = Node{};
    nodes_[first + 1] = Node{};
    node.children = none;
    node.state = State::free;
    return slot;
}

Word UntypedTree::free_bytes() const {
    Word bytes = 0;
    for (const Node& node : nodes_)
        if (node.state == State::free)
            bytes += Word{1} << node.bits;
    return bytes;
}

} // namespace sys
