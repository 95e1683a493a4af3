// SPDX-License-Identifier: BSD-2-Clause
// The table of invocations, typed afresh from the ABI: whose method it is, and how much it needs to be told.
#pragma once

#include <abi/invocation.hpp>

namespace methods {

enum class Type {
    null,
    untyped,
    tcb,
    endpoint,
    notification,
    cnode,
    sched_context,
    reply,
    pdpt,
    pml4,
    frame,
    page_table,
    page_directory,
    irq_control,
    irq_handler,
    asid_control,
    asid_pool,
    io_port_control,
    io_port,
    sched_control,
    domain_set,
    count,
};

struct Method {
    unsigned label;
    Type type;
    unsigned words;
    unsigned caps;
};

inline constexpr Method all[] = {
    {1, Type::untyped, 6, 1},
    {2, Type::tcb, 2, 0},
    {3, Type::tcb, 2, 0},
    {4, Type::tcb, 1, 1},
    {5, Type::tcb, 3, 3},
    {6, Type::tcb, 1, 1},
    {7, Type::tcb, 1, 1},
    {8, Type::tcb, 2, 3},
    {9, Type::tcb, 0, 1},
    {10, Type::tcb, 1, 1},
    {11, Type::tcb, 2, 3},
    {12, Type::tcb, 0, 0},
    {13, Type::tcb, 0, 0},
    {14, Type::tcb, 0, 1},
    {15, Type::tcb, 0, 0},
    {16, Type::tcb, 1, 0},
    {17, Type::tcb, 2, 0},
    {18, Type::cnode, 2, 0},
    {19, Type::cnode, 2, 0},
    {20, Type::cnode, 2, 0},
    {21, Type::cnode, 5, 1},
    {22, Type::cnode, 6, 1},
    {23, Type::cnode, 4, 1},
    {24, Type::cnode, 5, 1},
    {25, Type::cnode, 8, 2},
    {26, Type::irq_control, 3, 1},
    {27, Type::irq_handler, 0, 0},
    {28, Type::irq_handler, 0, 1},
    {29, Type::irq_handler, 0, 0},
    {30, Type::domain_set, 1, 1},
    {31, Type::domain_set, 3, 0},
    {32, Type::domain_set, 1, 0},
    {33, Type::sched_control, 5, 1},
    {34, Type::sched_context, 0, 1},
    {35, Type::sched_context, 0, 0},
    {36, Type::sched_context, 0, 1},
    {37, Type::sched_context, 0, 0},
    {38, Type::sched_context, 0, 0},
    {39, Type::pdpt, 2, 1},
    {40, Type::pdpt, 0, 0},
    {41, Type::page_directory, 2, 1},
    {42, Type::page_directory, 0, 0},
    {43, Type::page_table, 2, 1},
    {44, Type::page_table, 0, 0},
    {45, Type::frame, 3, 1},
    {46, Type::frame, 0, 0},
    {47, Type::frame, 0, 0},
    {48, Type::asid_control, 2, 2},
    {49, Type::asid_pool, 0, 1},
    {50, Type::io_port_control, 4, 1},
    {51, Type::io_port, 1, 0},
    {52, Type::io_port, 1, 0},
    {53, Type::io_port, 1, 0},
    {54, Type::io_port, 2, 0},
    {55, Type::io_port, 2, 0},
    {56, Type::io_port, 2, 0},
    {57, Type::irq_control, 7, 1},
    {58, Type::irq_control, 7, 1},
};
static_assert(sizeof(all) / sizeof(all[0]) == 58 && all[57].label == 58);

} // namespace methods
